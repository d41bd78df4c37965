import { csrfToken, send } from "./sending.js";

// <furniture-tray> sends each chosen photo to the library and ticks the new piece.
customElements.define("furniture-tray", class extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=file]");
    this.said = this.querySelector(".tray-said");
    this.list = this.querySelector(".tray-pieces");
    this.input.addEventListener("change", () => this.take([...this.input.files]));
    this.addEventListener("dragover", (event) => { event.preventDefault(); event.stopPropagation(); });
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      this.take([...event.dataTransfer.files]);
    });
    this.addEventListener("change", (event) => {
      if (event.target.classList.contains("tray-name")) this.rename(event.target);
      else this.limit();
    });
    this.limit();
  }

  get ticked() { return this.querySelectorAll("[name=product]:checked").length; }

  async take(files) {
    this.input.value = "";
    for (const file of files) {
      if (this.ticked >= Number(this.dataset.most)) { this.said.textContent = this.dataset.full; return; }
      this.said.textContent = file.name;
      const { ok, data, lost } = await send(this.dataset.sendTo, "photo", file, () => {});
      if (ok) this.add(data);
      this.said.textContent = ok ? "" : `${file.name}: ${(!lost && data.error) || this.dataset.lost}`;
    }
  }

  add({ id, name, thumbnail }) {
    const piece = this.querySelector("template").content.firstElementChild.cloneNode(true);
    piece.querySelector("[name=product]").value = id;
    piece.querySelector("img").src = thumbnail;
    piece.querySelector("span").textContent = name;
    const box = piece.querySelector(".tray-name");
    box.value = name;
    box.dataset.piece = id;
    this.list.prepend(piece);
    this.limit();
  }

  async rename(box) {
    const body = new FormData();
    body.append("name", box.value);
    const answer = await fetch(`${this.dataset.sendTo}/${box.dataset.piece}`, {
      method: "POST", body, headers: { "X-CSRFToken": csrfToken() },
    });
    if (answer.ok) box.closest("li").querySelector("span").textContent = box.value;
  }

  limit() {
    const full = this.ticked >= Number(this.dataset.most);
    for (const box of this.querySelectorAll("[name=product]:not(:checked)")) box.disabled = full;
    this.said.textContent = full ? this.dataset.full : "";
  }
});
