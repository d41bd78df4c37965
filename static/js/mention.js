// Puts "@name" where the cursor stands in the text; without this script the field itself mentions.

class MentionBox extends HTMLElement {
  connectedCallback() {
    const text = document.getElementById(this.getAttribute("for"));
    const name = this.querySelector("input");
    const insert = () => {
      const who = name.value.trim().replace(/^@/, "");
      if (!who) return name.focus();
      const before = text.value.slice(0, text.selectionStart).replace(/@$/, "");
      const gap = !before || /\s$/.test(before) ? "" : " ";
      const start = `${before}${gap}@${who} `;
      text.value = start + text.value.slice(text.selectionEnd);
      name.value = "";
      text.focus();
      text.setSelectionRange(start.length, start.length);
    };
    this.querySelector("[data-insert]").addEventListener("click", insert);
    name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      insert();
    });
  }
}

customElements.define("mention-box", MentionBox);
