// <before-after> holds two figures. With this script they lie on each other and a handle moves the border.

customElements.define("before-after", class extends HTMLElement {
  connectedCallback() {
    if (this.range) return;
    this.range = document.createElement("input");
    Object.assign(this.range, { type: "range", min: 0, max: 100, step: 1, value: this.dataset.start ?? 50, className: "before-after-range" });
    this.range.setAttribute("aria-label", this.dataset.label ?? "How much of the picture before is shown");
    this.handle = document.createElement("span");
    this.handle.className = "before-after-handle";
    this.handle.setAttribute("aria-hidden", "true");
    this.append(this.range, this.handle);
    this.classList.add("before-after-live");
    this.range.addEventListener("input", () => this.show());
    this.addEventListener("pointerdown", (event) => this.grab(event));
    this.addEventListener("pointermove", (event) => this.hasPointerCapture(event.pointerId) && this.follow(event));
    this.addEventListener("dragstart", (event) => event.preventDefault());
    this.show();
  }

  show() {
    this.style.setProperty("--split", `${this.range.value}%`);
    const words = this.dataset.value ?? "{before} % before, {after} % after";
    this.range.setAttribute("aria-valuetext", words.replace("{before}", this.range.value).replace("{after}", 100 - this.range.value));
  }

  grab(event) {
    if (event.button !== 0) return;
    this.setPointerCapture(event.pointerId);
    this.range.focus({ preventScroll: true });
    this.follow(event);
  }

  follow(event) {
    const box = this.getBoundingClientRect();
    this.range.value = 100 * (event.clientX - box.left) / box.width;
    this.show();
  }
});
