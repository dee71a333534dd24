"""The forms of English irregular verbs, which a stemmer leaves apart."""

from __future__ import annotations

from rag.question.analysis import stem_tokens

__all__ = ["verb_forms"]

_IRREGULAR = """
be is are was were been; become became; begin began begun; break broke broken; bring brought;
build built; buy bought; choose chose chosen; come came; cut; do did done; draw drew drawn;
drive drove driven; eat ate eaten; fall fell fallen; feel felt; fight fought; find found;
fly flew flown; forbid forbade forbidden; forget forgot forgotten; get got gotten; give gave given;
go went gone; grow grew grown; have has had; hear heard; hide hid hidden; hold held; keep kept;
know knew known; lay laid; lead led; leave left; lend lent; let; lose lost; make made; mean meant;
meet met; pay paid; put; read; ride rode ridden; ring rang rung; rise rose risen; run ran; say said;
see saw seen; seek sought; sell sold; send sent; set; shoot shot; show showed shown; sing sang sung;
sink sank sunk; sit sat; speak spoke spoken; spend spent; stand stood; steal stole stolen;
strike struck; swim swam swum; take took taken; teach taught; tell told; think thought;
throw threw thrown; understand understood; wear wore worn; win won; withdraw withdrew withdrawn;
write wrote written
"""
_FORMS = {
    form: frozenset(forms)
    for forms in (line.split() for line in _IRREGULAR.split(";"))
    for form in forms
}


def verb_forms(verb: str) -> frozenset[str]:
    """Stems of a verb's forms, as `stem_tokens` gives them: meet, met."""
    forms = _FORMS.get(verb.casefold(), frozenset((verb,)))
    return frozenset(stem for form in forms for stem in stem_tokens(form))
