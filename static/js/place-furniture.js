// <place-furniture> turns fieldsets with numbers into handles on the picture that are dragged or moved by keys.

customElements.define("place-furniture", class extends HTMLElement {
  connectedCallback() {
    if (this.isLive) return;
    this.isLive = true;
    this.classList.add("place-live");
    this.room = this.querySelector("img");
    const ratio = this.room.width / this.room.height;
    this.querySelectorAll(".place-piece").forEach((piece) => this.makeHandle(piece, ratio));
  }

  makeHandle(piece, ratio) {
    const [x, y, scale] = ["x", "y", "scale"].map((name) => piece.querySelector(`[name$="-${name}"]`));
    const handle = document.createElement("button");
    handle.type = "button";
    handle.className = "place-handle";
    const name = piece.querySelector("legend").textContent;
    handle.setAttribute("aria-label", name);
    const thumbnail = piece.querySelector("img");
    if (thumbnail) handle.append(Object.assign(new Image(), { src: thumbnail.src, alt: "", draggable: false }));
    else handle.textContent = name;
    const usual = { width: Number(piece.dataset.width), height: Number(piece.dataset.height), scale: Number(piece.dataset.scale) };
    const waits = x.value === "";
    const number = Number(piece.dataset.number);
    const at = { x: waits ? 0.1 + 0.09 * (number % 10) : Number(x.value), y: waits ? 0.97 : Number(y.value) };
    handle.classList.toggle("place-waits", waits);
    const show = () => {
      const grown = Number(scale.value) / usual.scale;
      handle.style.left = `${100 * at.x}%`;
      handle.style.top = `${100 * at.y}%`;
      handle.style.width = `${100 * usual.width * grown}%`;
      handle.style.aspectRatio = String(ratio * usual.width / usual.height);
    };
    const move = (toX, toY) => {
      at.x = Math.max(0, Math.min(1, toX));
      at.y = Math.max(0, Math.min(1, toY));
      x.value = at.x.toFixed(4);
      y.value = at.y.toFixed(4);
      handle.classList.remove("place-waits");
      show();
    };
    const grow = (by) => {
      scale.value = String(Math.max(25, Math.min(400, Number(scale.value) + by)));
      show();
    };
    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
      const box = this.room.getBoundingClientRect();
      // The foot follows the finger by the way that it has gone, so that nothing jumps under it.
      handle.from = { x: at.x - event.clientX / box.width, y: at.y - event.clientY / box.height };
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = this.room.getBoundingClientRect();
      move(handle.from.x + event.clientX / box.width, handle.from.y + event.clientY / box.height);
    });
    handle.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 0.05 : 0.01;
      const keys = {
        ArrowLeft: () => move(at.x - step, at.y), ArrowRight: () => move(at.x + step, at.y),
        ArrowUp: () => move(at.x, at.y - step), ArrowDown: () => move(at.x, at.y + step),
        "+": () => grow(5), "-": () => grow(-5),
      };
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
    for (const input of [x, y, scale]) {
      input.addEventListener("input", () => {
        if (input !== scale && x.value !== "" && y.value !== "") Object.assign(at, { x: Number(x.value), y: Number(y.value) });
        show();
      });
    }
    show();
    this.append(handle);
  }
});
