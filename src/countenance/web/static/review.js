// Keys for a review: y and n decide about the pair in view, the arrows go to the pair before and after.
const pairs = [...document.querySelectorAll(".pair")];
for (const each of document.querySelectorAll("[data-scripted]")) each.hidden = false;

const named = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
let at = Math.max(0, named ? pairs.indexOf(named) : pairs.findIndex((each) => each.querySelector("form")));
mark();

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !pairs.length) return;
  if (event.key === "ArrowRight" || event.key === "ArrowDown") step(event, 1);
  else if (event.key === "ArrowLeft" || event.key === "ArrowUp") step(event, -1);
  else if (event.key === "y" || event.key === "n") {
    const said = event.key === "y" ? "confirm" : "reject";
    const button = pairs[at].querySelector(`button[value=${said}]`);
    if (button) { event.preventDefault(); button.click(); }
  }
});

function step(event, by) {
  if (pairs.length < 2) return;
  event.preventDefault();
  at = (at + by + pairs.length) % pairs.length;
  mark();
  pairs[at].focus({ preventScroll: true });
  pairs[at].scrollIntoView({ block: "start" });
}

function mark() {
  pairs.forEach((each, place) => each.classList.toggle("now", place === at && pairs.length > 1));
}
