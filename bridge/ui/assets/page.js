// The pages are whole without this script. It shows times in the viewer's zone, keeps a page of what runs up to date,
// sends a form once, and keeps the filters of lists as views.

const now = new Date();
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const parts = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" };
const near = new Intl.DateTimeFormat("en-GB", parts);
const far = new Intl.DateTimeFormat("en-GB", { ...parts, year: "numeric" });

function showLocalTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.title = `${time.dateTime} (shown in ${zone})`;
    time.textContent = (at.getFullYear() === now.getFullYear() ? near : far).format(at);
  }
}

function sendOnce() {
  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-disabled", "true");
  });
  // The browser may show the page again as it was when it was left.
  addEventListener("pageshow", () => {
    for (const form of document.forms) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
    }
  });
}

// A part is replaced only if the server has another one, and never while somebody is working in it.
function keepCurrent(main) {
  const known = new Map();
  const all = (root) => root.querySelectorAll("[data-part]");
  for (const part of all(main)) known.set(part.id, part.innerHTML);
  const isInUse = (part) => part.contains(document.activeElement) || part.querySelector("details[open]")
    || (getSelection()?.toString() && getSelection().containsNode(part, true));
  const refresh = async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href.split("#")[0], { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const fresh of all(page)) {
      const part = document.getElementById(fresh.id);
      if (!part || known.get(fresh.id) === fresh.innerHTML || isInUse(part)) continue;
      known.set(fresh.id, fresh.innerHTML);
      part.replaceChildren(...fresh.childNodes);
      showLocalTimes(part);
    }
    if (!page.querySelector("main[data-live]")) clearInterval(timer);
  };
  // A server that is away for a while is no fault of the page.
  const timer = setInterval(() => refresh().catch(() => {}), Number(main.dataset.live) * 1000);
}

// A view is a name for the filters of a list. Views are kept in this browser.
function keepViews(form) {
  const place = `views of ${location.pathname}`;
  const read = () => JSON.parse(localStorage.getItem(place) ?? "{}");
  const list = form.querySelector("ul");
  const show = () => {
    const views = Object.entries(read());
    list.replaceChildren(...views.map(([name, query]) => {
      const [item, link, remove] = ["li", "a", "button"].map((tag) => document.createElement(tag));
      link.href = `${location.pathname}?${query}`;
      link.textContent = name;
      if (`?${query}` === location.search) link.setAttribute("aria-current", "true");
      remove.type = "button";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `Remove the view ${name}`);
      remove.addEventListener("click", () => keep((all) => delete all[name]));
      item.append(link, remove);
      return item;
    }));
    form.querySelector(".field").hidden = !location.search && !views.length;
  };
  const keep = (change) => {
    const views = read();
    change(views);
    localStorage.setItem(place, JSON.stringify(views));
    show();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const query = new URLSearchParams(location.search);
    query.delete("continue");
    keep((all) => { all[form.elements.view.value.trim()] = query.toString(); });
    form.reset();
  });
  form.hidden = false;
  show();
}

for (const form of document.querySelectorAll("form[data-views]")) keepViews(form);
const live = document.querySelector("main[data-live]");
// Parts are compared as the server sends them, so before times are shown in another zone.
if (live) keepCurrent(live);
showLocalTimes(document);
sendOnce();
