"use strict";
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const words = document.getElementById("words");
  const shown = document.getElementById("shown");
  const buttons = [...form.querySelectorAll("button[data-grade]")];
  const groups = [...document.querySelectorAll(".group")];
  const questions = [...document.querySelectorAll(".question")];
  const texts = new Map();
  let grade = "";
  let waiting = 0;

  // Read once and only when someone searches: a large run holds megabytes of text.
  const textOf = (question) => {
    if (!texts.has(question)) texts.set(question, question.textContent.toLowerCase());
    return texts.get(question);
  };

  const matches = (question, wanted) =>
    (!grade || question.dataset.grade === grade) &&
    wanted.every((word) => textOf(question).includes(word));

  const update = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const question of questions) {
      question.hidden = !matches(question, wanted);
      count += question.hidden ? 0 : 1;
    }
    for (const group of groups) {
      group.hidden = !group.querySelector(".question:not([hidden])");
    }
    shown.textContent = `${count} of ${questions.length} shown`;
  };

  const choose = (key) => {
    grade = key;
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.grade === key));
    }
    update();
  };

  const setOpen = (open) => {
    for (const question of questions) if (!question.hidden) question.open = open;
  };

  // A link to a question or a group must lead somewhere, whatever is filtered out.
  const follow = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target || !target.matches(".group, .question")) return;
    if (target.hidden || target.closest(".group[hidden]")) {
      words.value = "";
      choose("");
    }
    if (target.matches(".question")) target.open = true;
    target.scrollIntoView();
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  words.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(update, 120);
  });
  for (const button of buttons) {
    button.addEventListener("click", () => choose(button.dataset.grade));
  }
  document.getElementById("open").addEventListener("click", () => setOpen(true));
  document.getElementById("close").addEventListener("click", () => setOpen(false));
  addEventListener("hashchange", follow);
  form.hidden = false;
  update();
  follow();
})();
