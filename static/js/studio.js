// The studio's helps: the price on the button, the prompt as it will be sent; furniture and photo have files of their own.
// Without them the form works as it is.

import "./furniture-tray.js";
import "./photo-drop.js";
import "./region-brush.js";

// Who has chosen a photo needs no sample room; who was told that it is none may want it again.
const offerSample = (yes) => { for (const offer of document.querySelectorAll(".sample")) offer.hidden = !yes; };
document.addEventListener("photo", () => offerSample(false));
document.addEventListener("photo-refused", () => offerSample(true));

// <price-sum> keeps the price on the button, what is left after it, and what the form agrees to, in step.
customElements.define("price-sum", class extends HTMLElement {
  connectedCallback() {
    this.prices = JSON.parse(this.dataset.prices);
    this.form = this.closest("form");
    this.form.addEventListener("change", () => this.show());
    this.show();
  }

  show() {
    const { design_level: level, variations } = this.form.elements;
    const price = this.prices[level?.value || "quick"] * Number(variations?.value || 1);
    const after = Number(this.dataset.balance) - price;
    this.form.elements.agreed.value = price;
    for (const place of this.querySelectorAll("[data-price]")) place.textContent = String(price);
    for (const place of this.querySelectorAll("[data-after]")) place.textContent = String(after);
    for (const place of this.querySelectorAll("[data-short]")) place.hidden = after >= 0;
    for (const button of this.querySelectorAll("button")) button.disabled = after < 0;
  }
});

// <final-prompt> shows what will be sent; edited by hand, it is sent as it stands.
customElements.define("final-prompt", class extends HTMLElement {
  connectedCallback() {
    this.box = this.querySelector("textarea");
    this.form = this.closest("form");
    this.isEdited = this.box.value.trim() !== "";
    this.box.addEventListener("input", () => { this.isEdited = this.box.value.trim() !== ""; });
    this.form.addEventListener("input", (event) => { if (event.target !== this.box) this.show(); });
    this.form.addEventListener("click", () => setTimeout(() => this.show()));  // ideas fill the box by a click
    this.form.addEventListener("formdata", (event) => { if (!this.isEdited) event.formData.set("final", ""); });
    this.show();
  }

  show() {
    if (this.isEdited) return;
    const { style, prompt, keep_structure: keeps } = this.form.elements;
    const leadIn = this.form.querySelector("[name=mode]:checked")?.dataset.leadIn ?? "";
    const begins = leadIn && style.value ? `${leadIn} in ${style.value} style` : leadIn || (style.value && `${style.value} style`);
    const words = prompt.value.trim().split(/\s+/).join(" ");
    const parts = [begins, words, keeps.checked ? this.dataset.keep : ""].filter(Boolean);
    const last = parts.pop() ?? "";
    this.box.value = [...parts.map((part) => (/[.!?]$/.test(part) ? part : `${part}.`)), last].join(" ");
  }
});
