// <review-board> shows either before and after, or the picture with its pins; a click, a tap or the keyboard puts a pin.
// Without this script both are there, and the place of a comment is typed as two numbers.

customElements.define("review-board", class extends HTMLElement {
  connectedCallback() {
    this.pins = this.querySelector(".review-pins");
    this.compare = this.querySelector(".review-compare");
    this.x = document.getElementById("comment-x");
    this.y = document.getElementById("comment-y");
    const modes = this.querySelector(".review-modes");
    if (this.compare) {
      modes.hidden = false;
      modes.addEventListener("click", (event) => {
        const mode = event.target.closest("[data-mode]")?.dataset.mode;
        if (mode) this.show(mode);
      });
      this.show(location.hash.startsWith("#com_") || this.x?.value ? "pins" : "compare");
    }
    if (!this.x) return;
    this.classList.add("review-live");
    this.querySelector(".review-hint").hidden = Boolean(this.compare) && this.pins.hidden;
    this.pins.addEventListener("click", (event) => {
      if (event.target.closest("a, .review-draft")) return;
      const box = this.pins.getBoundingClientRect();
      this.place(100 * (event.clientX - box.left) / box.width, 100 * (event.clientY - box.top) / box.height);
      document.getElementById("comment-text").focus({ preventScroll: matchMedia("(min-width: 60rem)").matches });
    });
    this.querySelector("[data-pin-here]").addEventListener("click", () => {
      this.show("pins");
      this.place(50, 50);
      this.draft.focus();
    });
    for (const field of [this.x, this.y]) {
      field.addEventListener("input", () => {
        if (this.x.value && this.y.value && this.x.validity.valid && this.y.validity.valid) this.draw();
      });
    }
    if (this.x.value && this.y.value) this.draw();
  }

  show(mode) {
    if (!this.compare) return;
    this.compare.hidden = mode !== "compare";
    this.pins.hidden = mode !== "pins";
    const hint = this.querySelector(".review-hint");
    if (hint) hint.hidden = mode !== "pins";
    for (const button of this.querySelectorAll("[data-mode]")) {
      const on = button.dataset.mode === mode;
      button.setAttribute("aria-pressed", String(on));
      button.classList.toggle("button-on", on);
    }
  }

  place(x, y) {
    const within = (value) => Math.min(100, Math.max(0, value)).toFixed(1);
    this.x.value = within(x);
    this.y.value = within(y);
    this.x.closest("details").open = true;
    this.draw();
  }

  draw() {
    if (!this.draft) {
      this.draft = document.createElement("button");
      Object.assign(this.draft, { type: "button", className: "review-draft", textContent: "+" });
      this.draft.addEventListener("keydown", (event) => this.move(event));
      this.draft.addEventListener("pointerdown", (event) => this.draft.setPointerCapture(event.pointerId));
      this.draft.addEventListener("pointermove", (event) => {
        if (!this.draft.hasPointerCapture(event.pointerId)) return;
        const box = this.pins.getBoundingClientRect();
        this.place(100 * (event.clientX - box.left) / box.width, 100 * (event.clientY - box.top) / box.height);
      });
      this.draft.addEventListener("click", () => document.getElementById("comment-text").focus());
      this.pins.append(this.draft);
    }
    this.draft.style.left = `${this.x.value}%`;
    this.draft.style.top = `${this.y.value}%`;
    const words = this.pins.dataset.pin;
    this.draft.setAttribute("aria-label", words.replace("{x}", Math.round(this.x.value)).replace("{y}", Math.round(this.y.value)));
  }

  move(event) {
    const step = event.shiftKey ? 10 : 1;
    const [across, down] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [0, 0];
    if (!across && !down) return;
    event.preventDefault();
    this.place(Number(this.x.value) + across, Number(this.y.value) + down);
  }
});

// A comment that the address names is opened where it is, and focused, so that a screen reader begins there.
const named = location.hash.startsWith("#com_") && document.getElementById(location.hash.slice(1));
if (named) named.focus({ preventScroll: false });
