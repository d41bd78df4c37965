// Small helps that every page may use. Each page works without them.

// <fill-box for="id"> holds buttons whose data-text goes into the box with that id.
customElements.define("fill-box", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-text]");
      const box = document.getElementById(this.getAttribute("for"));
      if (!button || !box) return;
      box.value = button.dataset.text;
      box.focus();
    });
  }
});

// <copy-text from="id"> holds a button that copies the text of that element.
customElements.define("copy-text", class extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    const source = document.getElementById(this.getAttribute("from"));
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = this.dataset.done ?? "Copied";
      } catch {  // no clipboard over plain HTTP: leave the text selected
        getSelection().selectAllChildren(source);
        button.textContent = this.dataset.selected ?? "Selected: press Ctrl+C";
      }
    });
  }
});

// <open-dialog for="id"> holds a button that opens the <dialog> with that id; the browser keeps the focus in it.
customElements.define("open-dialog", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      if (event.target.closest("button")) document.getElementById(this.getAttribute("for")).showModal();
    });
  }
});

// <seconds-since>12</seconds-since> counts on from the number that it holds.
customElements.define("seconds-since", class extends HTMLElement {
  connectedCallback() {
    const began = performance.now() - 1000 * Number(this.textContent);
    this.timer = setInterval(() => {
      this.textContent = String(Math.floor((performance.now() - began) / 1000));
    }, 250);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }
});

// <time-bar> holds a <progress> in seconds and fills it as they pass; its last bit is the picture's own.
customElements.define("time-bar", class extends HTMLElement {
  connectedCallback() {
    const bar = this.querySelector("progress");
    const began = performance.now() - 1000 * bar.value;
    this.timer = setInterval(() => {
      bar.value = Math.min((performance.now() - began) / 1000, 0.95 * bar.max);
    }, 250);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }
});

// A form on its way says so, and its button can't be pressed again.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.dataset.busy) return;
  button.dataset.text = button.textContent;
  button.textContent = button.dataset.busy;
  setTimeout(() => { button.disabled = true; });  // after the browser has read the form
});

// The back button brings the page back as it was left: make its buttons usable again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("button[data-busy][data-text]")) {
    button.textContent = button.dataset.text;
    button.disabled = false;
  }
});

// <tell-me> asks the browser whether it may tell of the end; htmx replaces it, so what was answered is kept here.
let wantsToBeTold = false;
customElements.define("tell-me", class extends HTMLElement {
  connectedCallback() {
    if (!("Notification" in window) || Notification.permission === "denied") return;
    this.hidden = false;
    this.show();
    this.querySelector("button").addEventListener("click", async () => {
      wantsToBeTold = (await Notification.requestPermission()) === "granted";
      this.show();
    });
  }

  show() {
    this.querySelector("button").hidden = wantsToBeTold;
    this.querySelector("span").hidden = !wantsToBeTold;
  }
});

// When htmx has brought the end of a generation: say it, also in the title of a tab that is not looked at.
document.addEventListener("htmx:afterSwap", (event) => {
  if (!event.detail.pathInfo.requestPath.includes("/progress")) return;
  const said = document.querySelector("[data-announce]")?.dataset.announce;
  if (!said) return;
  document.getElementById("announcement").textContent = said;
  document.title = `${said} · ${document.title.split(" · ").pop()}`;
  if (wantsToBeTold && document.hidden) new Notification(said, { icon: document.querySelector("link[rel=icon]").href });
});

// Signed out meanwhile: the answer is another page, so go there instead of showing it inside this one.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, pathInfo } = event.detail;
  if (xhr.responseURL && new URL(xhr.responseURL).pathname !== new URL(pathInfo.finalRequestPath, location).pathname) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});

// An open menu closes when something else is clicked, and with Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
