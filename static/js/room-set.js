import "./furniture-tray.js";

// <set-price> keeps the sum of a room set, what is left after it and what the form agrees to in step with the photos.

customElements.define("set-price", class extends HTMLElement {
  connectedCallback() {
    this.prices = JSON.parse(this.dataset.prices);
    this.form = this.closest("form");
    this.form.addEventListener("change", () => this.show());
    addEventListener("pageshow", () => this.show());  // the back button brings other ticks back
    this.show();
  }

  write(name, value) {
    for (const place of this.querySelectorAll(`[data-${name}]`)) place.textContent = String(value);
  }

  show() {
    const { design_level: level, variations } = this.form.elements;
    const count = this.form.querySelectorAll("[name=photo]:checked").length;
    const each = this.prices[level?.value || "quick"] * Number(variations?.value || 1);
    const price = count * each, after = Number(this.dataset.balance) - price;
    const over = "budget" in this.dataset && price > Number(this.dataset.budget);
    this.form.elements.agreed.value = price;
    this.write("count", count);
    this.write("each", each);
    this.write("price", price);
    this.write("after", after);
    for (const place of this.querySelectorAll("[data-short]")) place.hidden = after >= 0;
    for (const place of this.querySelectorAll("[data-over-budget]")) place.hidden = !over;
    for (const button of this.querySelectorAll("button")) button.disabled = after < 0 || count === 0;
  }
});
