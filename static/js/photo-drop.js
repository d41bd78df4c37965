// <photo-drop> holds a file input and an <img>: shows the chosen photo, and takes one that is dropped or pasted.
// With data-send-to it sends the photo there at once, shows how far that is, and then what was found about it.

import { send } from "./sending.js";

customElements.define("photo-drop", class extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=file]:not([hidden])");
    this.picture = this.querySelector("img");
    this.input.addEventListener("change", () => this.show());
    this.picture.addEventListener("error", () => { this.picture.hidden = true; });  // HEIC: no browser but Safari shows it
    for (const name of ["dragenter", "dragover"]) this.addEventListener(name, (event) => this.over(event));
    for (const name of ["dragleave", "drop"]) this.addEventListener(name, () => this.classList.remove("drop-over"));
    this.addEventListener("drop", (event) => this.take(event, event.dataTransfer));
    document.addEventListener("paste", (event) => this.take(event, event.clipboardData));
    this.show();
  }

  over(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    this.classList.add("drop-over");
  }

  take(event, data) {
    if (!data?.files.length) return;
    event.preventDefault();
    const some = new DataTransfer();
    for (const file of this.input.multiple ? data.files : [data.files[0]]) some.items.add(file);
    this.input.files = some.files;
    this.show();
  }

  show() {
    const [file] = this.input.files;
    if (!file) return;
    URL.revokeObjectURL(this.address);
    this.address = URL.createObjectURL(file);
    this.picture.src = this.address;
    this.picture.hidden = false;
    this.picture.alt = `${this.dataset.chosen}: ${file.name}`;
    this.classList.add("drop-full");
    this.dispatchEvent(new CustomEvent("photo", { bubbles: true }));
    if (this.dataset.sendTo) this.send(file);
  }

  async send(file) {
    const said = this.querySelector(".drop-progress");
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.setAttribute("aria-label", said.dataset.sending);
    said.replaceChildren(said.dataset.sending, bar);
    this.querySelector(".drop-advice").replaceChildren();
    const { ok, data, lost } = await send(this.dataset.sendTo, "photo", file, (part) => { bar.value = part; });
    if (this.input.files[0] !== file) return;  // another was chosen meanwhile
    if (ok) return this.keep(data, said);
    if (lost) return this.offerAgain(file, said);
    this.input.value = "";
    this.picture.hidden = true;
    const error = document.createElement("p");
    error.className = "error";
    error.setAttribute("role", "alert");
    error.textContent = data.error ?? said.dataset.lost;
    said.replaceChildren(error);
    this.dispatchEvent(new CustomEvent("photo-refused", { bubbles: true }));
  }

  keep(data, said) {
    this.querySelector("[name=photo_id]").value = data.id;
    this.input.value = "";  // it is there already
    this.input.removeAttribute("required");
    this.picture.src = data.image;  // a HEIC photo is seen from here on
    this.picture.hidden = false;
    said.replaceChildren(`${data.width} × ${data.height} px`);
    this.querySelector(".drop-advice").replaceChildren(...data.advice.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }));
  }

  offerAgain(file, said) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button", textContent: said.dataset.again });
    button.addEventListener("click", () => this.send(file));
    said.replaceChildren(said.dataset.lost, " ", button);
  }
});
