// Looking at pictures. Everything here works without it too: a zoom is then a link to the picture itself.

const STEP = 1.4;  // one press of + or -
const CLOSEST = 8;  // screen pixels for one of the picture
const PAN = 80;  // screen pixels, one press of an arrow

// <zoom-view> holds a link to a picture: opens it in a dialog where it can be pulled, pinched and enlarged to its pixels.
customElements.define("zoom-view", class extends HTMLElement {
  connectedCallback() {
    this.link = this.querySelector("a");
    this.link?.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;  // a new tab was meant
      event.preventDefault();
      this.open();
    });
  }

  open() {
    this.dialog ??= this.build();
    if (!this.dialog.isConnected) document.body.append(this.dialog);
    this.dialog.showModal();
    this.stage.focus();
    this.whole();
  }

  build() {
    const words = this.dataset;
    const dialog = document.createElement("dialog");
    dialog.className = "zoom";
    dialog.setAttribute("aria-label", words.label);
    this.stage = document.createElement("div");
    Object.assign(this.stage, { className: "zoom-stage", tabIndex: 0 });
    this.stage.setAttribute("role", "group");
    this.stage.setAttribute("aria-label", words.label);
    this.picture = document.createElement("img");
    Object.assign(this.picture, { src: this.link.href, alt: "", draggable: false, className: "zoom-picture" });
    this.stage.append(this.picture);
    this.level = document.createElement("output");
    const bar = document.createElement("div");
    bar.className = "zoom-bar";
    bar.append(
      this.button("−", words.further, () => this.by(1 / STEP)),
      this.button("+", words.closer, () => this.by(STEP)),
      this.button("1:1", `1:1 ${words.pixels}`, () => this.to(1)),
      this.button("↔", words.whole, () => this.whole()),
      this.level,
      this.button("×", words.close, () => dialog.close()),
    );
    dialog.append(this.stage, bar);
    this.width = Number(words.width);
    this.height = Number(words.height);
    this.fingers = new Map();
    dialog.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.stage.addEventListener("dblclick", (event) => (this.scale < 1 ? this.to(1, event) : this.whole()));
    this.stage.addEventListener("pointerdown", (event) => this.press(event));
    this.stage.addEventListener("pointermove", (event) => this.pull(event));
    for (const name of ["pointerup", "pointercancel"]) {
      this.stage.addEventListener(name, (event) => this.fingers.delete(event.pointerId));
    }
    new ResizeObserver(() => this.dialog.open && this.show()).observe(this.stage);
    return dialog;
  }

  button(text, name, action) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button", textContent: text });
    button.setAttribute("aria-label", name);
    button.title = name;
    button.addEventListener("click", action);
    return button;
  }

  get fit() {
    return Math.min(this.stage.clientWidth / this.width, this.stage.clientHeight / this.height);
  }

  whole() {
    this.scale = this.fit;
    this.x = this.y = 0;
    this.show();
  }

  by(factor, at) {
    this.to(this.scale * factor, at);
  }

  // Enlarge so that what lies under `at` (an event; else the middle) stays where it is.
  to(scale, at) {
    const before = this.scale;
    this.scale = Math.min(Math.max(scale, Math.min(this.fit, 1)), CLOSEST);
    const box = this.stage.getBoundingClientRect();
    const x = at ? at.clientX - box.left - box.width / 2 : 0;
    const y = at ? at.clientY - box.top - box.height / 2 : 0;
    this.x = x - (x - this.x) * this.scale / before;
    this.y = y - (y - this.y) * this.scale / before;
    this.show();
  }

  // `x` and `y` are how far the picture's middle is from the stage's; never so far that it is out of sight.
  show() {
    const roomX = Math.max(0, (this.width * this.scale - this.stage.clientWidth) / 2);
    const roomY = Math.max(0, (this.height * this.scale - this.stage.clientHeight) / 2);
    this.x = Math.min(Math.max(this.x, -roomX), roomX);
    this.y = Math.min(Math.max(this.y, -roomY), roomY);
    const left = (this.stage.clientWidth - this.width * this.scale) / 2 + this.x;
    const top = (this.stage.clientHeight - this.height * this.scale) / 2 + this.y;
    this.picture.style.width = `${this.width}px`;
    this.picture.style.transform = `translate(${left}px, ${top}px) scale(${this.scale})`;
    this.picture.classList.toggle("zoom-pixels", this.scale * devicePixelRatio >= 3);
    this.level.value = `${Math.round(100 * this.scale)} %`;
  }

  key(event) {
    const steps = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in steps) {
      this.x += steps[event.key][0];
      this.y += steps[event.key][1];
      this.show();
    } else if (event.key === "+" || event.key === "=") this.by(STEP);
    else if (event.key === "-") this.by(1 / STEP);
    else if (event.key === "0") this.whole();
    else if (event.key === "1") this.to(1);
    else return;
    event.preventDefault();
  }

  wheel(event) {
    event.preventDefault();
    this.by(Math.exp(-event.deltaY / 400), event);
  }

  press(event) {
    if (event.button !== 0) return;
    this.stage.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, event);
  }

  pull(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const other = [...this.fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
    this.fingers.set(event.pointerId, event);
    if (!other) {
      this.x += event.clientX - before.clientX;
      this.y += event.clientY - before.clientY;
      this.show();
      return;
    }
    const far = (finger) => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY) || 1;
    const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
    this.by(far(event) / far(before), middle);
  }

  disconnectedCallback() {
    this.dialog?.remove();
  }
});

// More cards have come: say so, and go on with the keyboard where the link was.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.detail.requestConfig.elt.matches("[data-more]")) return;
  const cards = event.detail.target.parentElement;
  const before = cards.children.length - 1;
  document.addEventListener("htmx:afterSettle", () => {
    document.getElementById("announcement").textContent = cards.dataset.said;
    cards.children[before]?.querySelector("a")?.focus();
  }, { once: true });
});
