// <region-brush> holds an <img>, tools and a hidden file input: what is painted over the picture, with a finger, a
// mouse or the keyboard, goes into that input as a PNG, red on black.

const RED = "rgb(255 0 0)";
const SIDE = 1200;  // pixels of the longer side of what is sent

customElements.define("region-brush", class extends HTMLElement {
  connectedCallback() {
    this.picture = this.querySelector("img");
    this.tools = this.querySelector(".brush-tools");
    this.input = this.querySelector("input[name=paint]");
    if (!this.tools) return;
    this.strokes = [];
    this.canvas = document.createElement("canvas");
    this.canvas.className = "brush-canvas";
    this.canvas.tabIndex = -1;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", this.dataset.hint);
    this.picture.after(this.canvas);
    this.tools.hidden = this.picture.hidden;
    this.picture.addEventListener("load", () => { this.tools.hidden = false; this.fit(); });
    document.addEventListener("photo", () => this.clear());
    this.tools.addEventListener("click", (event) => this.press(event.target.closest("button")?.dataset.do));
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.canvas.hasPointerCapture(event.pointerId) && this.go(event));
    this.canvas.addEventListener("pointerup", () => this.keep());
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.closest("form").addEventListener("change", (event) => {
      if (event.target.name === "mode" && "paints" in event.target.dataset) this.turn(true);
    });
    if (this.picture.complete) this.fit();
  }

  get size() { return Number(this.tools.querySelector("[data-do=size]").value) / 100; }

  fit() {
    const { naturalWidth: width, naturalHeight: height } = this.picture;
    if (!width) return;
    const scale = Math.min(1, SIDE / Math.max(width, height));
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.cursor = { x: this.canvas.width / 2, y: this.canvas.height / 2 };
    this.draw();
  }

  press(what) {
    if (what === "paint") this.turn(!this.isOn);
    if (what === "undo") { this.strokes.pop(); this.keep(); }
    if (what === "clear") this.clear();
  }

  turn(on) {
    this.isOn = on;
    this.classList.toggle("brush-on", on);
    this.canvas.tabIndex = on ? 0 : -1;
    this.tools.querySelector("[data-do=paint]").setAttribute("aria-pressed", String(on));
    if (on) this.canvas.focus({ preventScroll: true });
    this.draw();
  }

  clear() { this.strokes = []; this.keep(); }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    // The picture is shown whole inside its box, with bands where the shapes differ.
    const scale = Math.min(box.width / this.canvas.width, box.height / this.canvas.height);
    const left = (box.width - this.canvas.width * scale) / 2;
    const top = (box.height - this.canvas.height * scale) / 2;
    return { x: (event.clientX - box.left - left) / scale, y: (event.clientY - box.top - top) / scale };
  }

  begin(event) {
    if (!this.isOn || event.button !== 0) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes.push({ width: this.size * Math.max(this.canvas.width, this.canvas.height), points: [] });
    this.go(event);
  }

  go(event) {
    this.cursor = this.point(event);
    this.strokes.at(-1)?.points.push(this.cursor);
    this.draw();
  }

  key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const width = this.size * Math.max(this.canvas.width, this.canvas.height);
    if (steps[event.key]) {
      const [x, y] = steps[event.key].map((step) => step * width / 2);
      this.cursor = {
        x: Math.max(0, Math.min(this.canvas.width, this.cursor.x + x)),
        y: Math.max(0, Math.min(this.canvas.height, this.cursor.y + y)),
      };
      if (event.shiftKey) this.strokes.at(-1)?.points.push(this.cursor);
    } else if (event.key === " ") {
      this.strokes.push({ width, points: [this.cursor] });
    } else if (event.key === "+" || event.key === "-") {
      this.tools.querySelector("[data-do=size]").value = String(100 * this.size + (event.key === "+" ? 1 : -1));
    } else return;
    event.preventDefault();
    this.keep();
  }

  paint(context) {
    Object.assign(context, { strokeStyle: RED, fillStyle: RED, lineCap: "round", lineJoin: "round" });
    for (const { width, points } of this.strokes) {
      context.lineWidth = width;
      context.beginPath();
      points.forEach(({ x, y }, index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
      if (points.length === 1) context.lineTo(points[0].x + 0.1, points[0].y);
      context.stroke();
    }
  }

  draw() {
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.paint(context);
    if (!this.isOn || !this.cursor) return;
    context.lineWidth = 3;
    context.strokeStyle = "white";
    context.beginPath();
    context.arc(this.cursor.x, this.cursor.y, this.size * Math.max(this.canvas.width, this.canvas.height) / 2, 0, 7);
    context.stroke();
  }

  // The input holds the finished PNG, so that the form is sent like any other.
  keep() {
    this.draw();
    const files = new DataTransfer();
    const painted = this.strokes.some(({ points }) => points.length);
    this.dispatchEvent(new CustomEvent("painted", { bubbles: true, detail: painted }));
    if (!painted) { this.input.files = files.files; return; }
    const flat = document.createElement("canvas");
    flat.width = this.canvas.width;
    flat.height = this.canvas.height;
    const context = flat.getContext("2d");
    context.fillRect(0, 0, flat.width, flat.height);
    this.paint(context);
    flat.toBlob((blob) => {
      files.items.add(new File([blob], "paint.png", { type: "image/png" }));
      this.input.files = files.files;
    }, "image/png");
  }
});
