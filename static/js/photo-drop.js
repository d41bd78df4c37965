// <photo-drop> holds a file input and an <img>: shows the chosen photo, and takes one that is dropped on it.

customElements.define("photo-drop", class extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=file]");
    this.picture = this.querySelector("img");
    this.input.addEventListener("change", () => this.show());
    this.picture.addEventListener("error", () => { this.picture.hidden = true; });  // HEIC: no browser but Safari shows it
    for (const name of ["dragenter", "dragover"]) this.addEventListener(name, (event) => this.over(event));
    for (const name of ["dragleave", "drop"]) this.addEventListener(name, () => this.classList.remove("drop-over"));
    this.addEventListener("drop", (event) => this.take(event));
    this.show();
  }

  over(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    this.classList.add("drop-over");
  }

  take(event) {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    this.input.files = one.files;
    this.show();
  }

  show() {
    const [file] = this.input.files;
    if (!file) return;
    URL.revokeObjectURL(this.address);
    this.address = URL.createObjectURL(file);
    this.picture.src = this.address;
    this.picture.hidden = false;
    this.picture.alt = `The chosen photo: ${file.name}`;
    this.classList.add("drop-full");
  }
});
