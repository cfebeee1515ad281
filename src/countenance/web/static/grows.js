// Parts of a page that grow by themselves: while it says so, the page is asked for again every two seconds, and those
// parts are drawn anew where they changed. All else stays as it is.
const EVERY = 2000;
const growing = () => document.querySelector("#grows [data-growing]");

async function again() {
  if (document.hidden) return;
  let text;
  try {
    const answer = await fetch(location.pathname);
    if (!answer.ok || answer.redirected) return;
    text = await answer.text();
  } catch {
    return;
  }
  const now = new DOMParser().parseFromString(text, "text/html");
  for (const part of document.querySelectorAll("[id^=grows]")) {
    const fresh = now.getElementById(part.id);
    if (fresh && fresh.innerHTML !== part.innerHTML) part.replaceChildren(...fresh.childNodes);
  }
  if (!growing()) clearInterval(timer);
}

const timer = growing() ? setInterval(again, EVERY) : null;
