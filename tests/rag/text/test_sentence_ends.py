"""Hard sentence ends, language by language: a bar stands where one sentence ends."""

import pytest

from rag.text.sentences import sentences_of

PAIRS = {
    "en": """
The ferry leaves at 9 a.m. Monday from pier 4.| It returns at dusk.
The ferry came at 7 p.m.| The pier was dark.
She moved to the U.S. Navy yard in 1961.| Her brother stayed.
They had come from the U.S.| They never went back.
Approx. 300 tons were landed.| None was sold.
See Art. 12 para. 3 and pp. 4-9.| The rest is void.
Art. 5. The canal is 12 metres wide.| It may be widened.
The hull, approx. 41 ft. long, lies off Pt. Arden.| Divers found it.
Est. Harbour was dredged by Wm. Pask & Sons Ltd. in May.| It silted up again.
It was stolen in the night of 5./6. March 2017.| It was found in June.
Dr. P. Q. Adeyemi, Ph.D., spoke first.| Mr. St. Clair answered.
The answer was no.| Everyone left.
The answer is in No. 5.| Nobody read it.
"Why?" she asked.| "Because of the rain."| He nodded.
He said, "Stop."| Then he left.
It rose (see Fig. 3. It shows both) and fell.| Then it rose again.
It rose.| (It was May.| All slept.)| Then it fell.
He waited... and waited.| Nobody came.
He waited...| Nobody came.
The file is config.old.toml in /etc/mill.d.| Do not edit it.
Write to ann.lee@mill.example.| She answers.
Version 2.10.3 is out.| Version 2.11 is not.
The mill burnt.[3]| It was rebuilt.[4]
Rose Ltd. bought it.| Its owner, J. B. Tarn Jr., had died.
Bring rope, oil, etc.| Leave the rest.
The name had two n's.| Lodges were full.
Has it gone?!| Yes, it has!| Good.
Elizabeth II opened the bridge in 1964.| Charles III. closed it.
""",
    "de": """
Das Bad wurde am 12. Juni 1964 eröffnet.| Der Eintritt war frei.
Kaiser Wilhelm II. ging ins Exil.| Er kam nie zurück.
Im 19. Jahrhundert stand hier eine Mühle.| Im 20. Jahrhundert brannte sie ab.
Zum 80. Geburtstag kam der 1. Bürgermeister.| Er hielt eine Rede.
Die 3., verbesserte Auflage kostet 4,50 Euro.| Die 2. Auflage ist vergriffen.
Sie wohnt in Zimmer 12.| Frühstück gibt es ab acht.
Es waren 20.| Danach kamen mehr.
Das gilt z. B. für Schulen, d. h. für alle Kinder.| Andere zahlen.
Das gilt z.B. Montags.| Sonst nicht.
Nach § 5 Abs. 2 Satz 1 i. V. m. Art. 3 ist das verboten.| Ausnahmen gibt es nicht.
Frau Dr. Gesa Thomsen und Hr. Prof. Müller kamen.| Sie blieben.
Er starb 44 v. Chr. in Rom.| Das ist bekannt.
Bitte Tel. 04 61 / 33 18 anrufen.| Wir sind von 8 bis 12 Uhr da.
Es gab Äpfel, Birnen usw.| Nüsse fehlten.
Es kostet ca. 5 Mio. Euro.| Die Stadt zahlt inkl. MwSt. alles.
„Kommst du?“, fragte sie.| „Nein.“| Er blieb.
»Ja.«| Er ging.
Er sagte: „Ich gehe.| Du bleibst.“| Dann ging er.
Am 5. 3. 2017 war Schluss.| Am 06.03.2017 ging es weiter.
Die Kirche St. Nikolai liegt in der Hauptstr. 7.| Sie ist offen.
Der Verein (gegr. 1901, s. Abb. 4. Dort mehr) besteht noch.| Er hat 90 Mitglieder.
Es brannte im II. Weltkrieg.| Es steht leer.
i. A. Henrike Paulsen
""",
    "fr": """
M. Dupont habite av. Foch.| Il est médecin.
Mme. Le Goff et M. Le Bras sont venus.| Ils sont repartis.
L'art. 12 et la p. 4 du vol. 2 en parlent.| Le reste est muet.
Il naquit en 50 av. J.-C. à Rome.| Il y mourut.
Est-ce vrai ?| Oui !| Il part demain.
« Oui. »| Il sortit.
« Viens-tu ? » demanda-t-elle.| « Non. »
Le 1er mai, la mairie est fermée.| Le 2 mai, elle ouvre.
Au XIXe siècle, Louis XIV. était oublié.| Personne n'en parlait.
En janv. 2020, le pont fut fermé.| En févr. 2021, il rouvrit.
Il y avait des pommes, des poires, etc.| Les noix manquaient.
La salle no 5 (cf. plan p. 3. Il est affiché) est libre.| Entrez.
L'A.S.B.L. Lumière a 40 membres.| Elle paie.
Il attendit...| Personne ne vint.
Il attendit... et partit.| Personne ne vint.
Le prix est de 3,50 €.| La taxe s'ajoute.
Voir www.mairie.example/infos.html pour la suite.| Merci.
Tél. 02 40 11 22 33.| Demandez M. Roux.
Elle lut J. K. Tarn et G. de Nerval.| Elle aima l'un.
Le Dr Roux dit : « Partez.| Revenez lundi. »| Elle obéit.
C'est env. 40 m² au max. 3 étages.| L'ascenseur est en panne.
Ste. Anne est fêtée le 26.| On danse.
""",
    "es": """
El Sr. García y la Sra. Ruiz llegaron.| Nadie los vio.
Véase la pág. 3 del núm. 5, art. 12.| Lo demás no vale.
¿Qué hora es?| ¡Las dos!| Vámonos.
—¿Vienes? —preguntó ella.| —No.
El 3.er día llovió.| El 4.º no.
Viven en EE. UU. desde mayo.| Están bien.
Viven en EE.UU.| No volverán.
Nació en el año 50 a. C. en Cádiz.| Murió allí.
Artículo 3º. Se prohíbe correr.| Se puede nadar.
Compró pan, sal, etc.| Olvidó el aceite.
D. Luis y D.ª Ana firmaron.| El notario también.
Cuesta aprox. 30 euros.| No es caro.
La Dra. Ponce vive en la Avda. Mayor, 7.| Atiende los lunes.
Felipe II. murió en 1598.| Le siguió Felipe III.
Dijo: «Vete».| Y se fue.
«Vete.»| Se fue.
Esperó...| Nadie vino.
Ud. puede llamar al tel. 555 12 34.| Atendemos siempre.
La obra (cap. 3. Edición de 1901) está agotada.| No se reimprime.
S. M. el Rey visitó Sta. Cruz.| Hubo fiesta.
El archivo está en datos.v2.csv.| Ábralo.
Pagó 1.250,50 €.| Recibió factura.
La empresa Sol S.A. cerró en dic. 2019.| Debía mucho.
""",
    "ru": """
В 1999 г. он переехал.| Там он и умер.
Он родился в 1950 г.| В 1970 г. он уехал.
Музей им. А. С. Пушкина открыт.| Вход свободный.
Дом стоит на ул. Ленина, д. 5, кв. 12.| Он пуст.
Это было в XIX в., т. е. давно.| Никто не помнит.
Хлеб, соль и т. д.| Масла не было.
Пришли Иванов, Петров и др.| Ждали долго.
Город основан в III в. до н. э. греками.| Он разрушен.
См. стр. 12 и рис. 3.| Там всё есть.
Цена 5 тыс. руб. за тонну.| Это дорого.
«Зачем?» — спросила она.| «Так надо».| Он ушёл.
«Да.»| Он ушёл.
Проф. Н. К. Рёмер и акад. Белов спорили.| Спор не кончен.
Он ждал...| Никто не пришёл.
Он ждал... и ушёл.| Никто не пришёл.
Правда ли это?| Да!| Он видел сам.
Подписано 12.06.2019.| Срок — год.
Население — ок. 30 тыс. чел. на 2010 г.| Оно растёт.
Пункт 5. Оплата производится в срок.
О. Сергий служил в г. Твери.| Его помнят.
Завод продали инженеру А. П. Громову.| Он уехал.
А. Белов написал ей.| Б. Серов промолчал.
Статья (п. 3. Он изменён) отменена.| Действует закон.
""",
    "zh": """
你好。|“真的吗？”|他问。|好！
“是吗？”，他说。|没人回答。
《你好！世界》已经出版。|共印三千册。
展览（地点见附图。入口在南）免费。|周一闭馆。
价格为3.5万元。|含税。
他等了很久……没有人来。|天亮了。
他等了……还是走了。
会议于2019.5.12召开。|会期三天。
您要哪个？！|这个！|好的。
校长说：“请坐。|下课。”|学生站起来。
本产品由ABC Co. Ltd. 生产。|保质期两年。
请看www.mill.example/a.html。|谢谢。
「好。」|他走了。
一共12人。|其中3人缺席。
联系人：王Dr. Li。|电话见下。
他叫J. K. 罗林。|她不是。
甲方已付款；乙方未交货。|双方另议。
他说：“好！”|大家鼓掌。
2. 报名截止到五月。|逾期不候。
这是第一句.|这是第二句.
真的?|假的!|谁知道。
""",
    "ja": """
「はい。」と答えた。|彼は去った。
「はい。」|彼は去った。
「本当ですか？」と彼女は尋ねた。|返事はなかった。
これは例（図を参照。別紙）です。|以上。
すごい！|でも遅い。
価格は3.5万円です。|税込みです。
彼は待った……誰も来なかった。|夜が明けた。
『走れ！』を読んだ。|面白かった。
2019.5.12に開かれた。|三日間続いた。
Dr. 田中が来た。|話をした。
J. K. 田中の本だ。|売り切れた。
サイトはwww.mill.example/a.htmlです。|ご覧ください。
「行くよ。|待って。」|二人は走った。
いつですか？|明日です。|はい。
No. 5の部屋です。|鍵は受付に。
「やめろ！」という声がした。|静かになった。
（注意。|必ず読むこと。）|次へ進む。
そうか。|そうだったのか。
2. 申込書を出す。|受付は九時から。
第一文である．|第二文である．
値は3.14である。|端数は切り捨てる。
""",
    "pl": """
Jan Nowak, ur. 12 maja 1870 r. w Łodzi, kupił młyn.| Zapłacił ok. 400 zł.
""",
    "cs": """
Jan Novák, nar. 12. května 1870 v Brně, koupil mlýn.| Stál u řeky.
""",
    "it": """
Il sig. Rossi e il dott. Neri abitano in P.za Roma, 5.| Sono medici.
Nacque nel 50 a.C. a Roma.| Vi morì.
Pane, sale, ecc.| Niente olio.
L'art. 12 e la pag. 3 sono chiari.| Il resto no.
«Vieni?» chiese.| «No.»
""",
    "nl": """
Dhr. Jansen en mevr. De Boer kwamen om 8.30 uur.| Zij bleven.
Zie art. 12, blz. 3 e.v. en bijl. 2.| De rest vervalt.
Brood, zout enz.| Geen olie.
De bijeenkomst is op 5 jan. 2019.| Iedereen is welkom.
""",
    "pt": """
O Sr. Silva e a Dra. Reis moram na Av. Central, n.º 5.| São médicos.
Veja a pág. 3 do art. 12.| O resto não vale.
Pão, sal, etc.| Faltou azeite.
Nasceu em 50 a.C. em Braga.| Lá morreu.
""",
    "tr": """
II. Abdülhamid ve 2. Mehmet anıldı.| Tören kısa sürdü.
Dr. Yılmaz ve Prof. Dr. Kaya geldi.| Toplantı başladı.
Ekmek, tuz vb. alındı.| Yağ yoktu.
19. yüzyılda yapıldı.| Bugün müze.
Okulda 43 kız var.| Müdür Ali Kaya'dır.| Okul yeni.
Her gün 09.30-17.00.| Tam bilet 60 TL.
Neden?| Çünkü geç kaldı.
Saat 10.30'da başladı.| Kimse gelmedi.
""",
    "ar": """
هل وصل القطار؟| نعم، وصل.| ثم غادر.
قال د. أحمد إن الجسر مغلق.| سيفتح غدا.
بلغ الطول 3.5 كم.| هذا كاف.
""",
    "he": """
האם הגיע?| כן.| הוא כאן.
ד"ר כהן גר ברח' הרצל 5.| הוא רופא.
המחיר 3.50 ש"ח.| זה זול.
""",
    "hi": """
डॉ. शर्मा आए।| वे कल जाएँगे।
क्या पुल खुला है?| हाँ।| सब जा सकते हैं।
""",
    "ko": """
다리는 2023. 5. 12. 개통되었다.| 모두 기뻐했다.
"왜요?"라고 물었다.| 답은 없었다.
값은 3.5만 원이다.| 비싸다.
""",
    "th": """
สะพานเปิดเมื่อ พ.ศ. 2560 โดย ดร. สมชาย ใจดี ทุกคนมา
""",
}
CASES = [
    (language, line) for language, lines in PAIRS.items() for line in lines.strip().splitlines()
]


def test_there_are_enough_hard_sentences():
    assert len(CASES) >= 150


@pytest.mark.parametrize(("language", "line"), CASES)
def test_a_sentence_ends_where_its_language_ends_it(language, line):
    text = line.replace("|", "")
    expected = [part.strip() for part in line.split("|")]
    assert [span.of(text) for span in sentences_of(text, language)] == expected
