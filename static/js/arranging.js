// Things put in order by dragging them. Each has buttons that do the same, without a mouse and without this script.

import { csrfToken } from "./sending.js";

async function tell(address, field, value) {
  const body = new FormData();
  body.append(field, value);
  try {
    const answer = await fetch(address, {
      method: "POST", body, headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
    });
    return answer.ok;
  } catch {  // no network
    return false;
  }
}

function say(list, words, name) {
  list.querySelector("[role=status]").textContent = words.replace("%s", name);
}

// <order-list> holds a list whose items have data-to and data-id: one that is dropped goes before the one below it.
customElements.define("order-list", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("dragstart", (event) => this.begin(event));
    this.addEventListener("dragover", (event) => this.over(event));
    this.addEventListener("drop", (event) => this.drop(event));
    this.addEventListener("dragend", () => this.end());
  }

  begin(event) {
    this.dragged = event.target.closest("li[data-to]");
    if (!this.dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", this.dragged.dataset.name);
    this.dragged.classList.add("dragged");
  }

  below(event) {
    const item = event.target.closest("li[data-to]");
    return item && item !== this.dragged ? item : null;
  }

  over(event) {
    if (!this.dragged) return;
    event.preventDefault();
    const item = this.below(event);
    for (const other of this.querySelectorAll(".drop-before")) if (other !== item) other.classList.remove("drop-before");
    item?.classList.add("drop-before");
  }

  async drop(event) {
    if (!this.dragged) return;
    event.preventDefault();
    const moved = this.dragged, item = this.below(event), list = moved.parentElement, stood = moved.nextElementSibling;
    this.end();
    if (!item || item === stood) return;
    // Towards the end it takes the place of the one it is dropped on, as it looks.
    const later = moved.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING;
    const before = later ? item.nextElementSibling : item;
    list.insertBefore(moved, before);
    // The last of this page need not be the last of all: the list names what follows on the next page.
    const ok = await tell(moved.dataset.to, "before", before?.dataset.id ?? this.dataset.next ?? "");
    if (!ok) list.insertBefore(moved, stood);
    say(this, ok ? this.dataset.moved : this.dataset.failed, moved.dataset.name);
  }

  end() {
    this.dragged?.classList.remove("dragged");
    for (const item of this.querySelectorAll(".drop-before")) item.classList.remove("drop-before");
    this.dragged = null;
  }
});

// <status-board> holds columns with data-status: a card that is dropped on one gets its status.
customElements.define("status-board", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("dragstart", (event) => {
      this.dragged = event.target.closest(".board-card");
      if (!this.dragged) return;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", this.dragged.dataset.name);
      this.dragged.classList.add("dragged");
    });
    this.addEventListener("dragover", (event) => {
      const column = this.dragged && event.target.closest(".board-column");
      for (const other of this.querySelectorAll(".board-over")) if (other !== column) other.classList.remove("board-over");
      if (!column) return;
      event.preventDefault();
      column.classList.add("board-over");
    });
    this.addEventListener("drop", (event) => this.drop(event));
    this.addEventListener("dragend", () => this.end());
  }

  async drop(event) {
    const column = this.dragged && event.target.closest(".board-column");
    if (!column) return;
    event.preventDefault();
    const card = this.dragged, from = card.closest(".board-column"), stood = card.nextElementSibling;
    this.end();
    if (from === column) return;
    column.querySelector(".board-cards").prepend(card);
    const ok = await tell(card.dataset.to, "status", column.dataset.status);
    if (ok) {
      const select = card.querySelector("select");
      if (select) select.value = column.dataset.status;
      for (const [place, by] of [[from, -1], [column, 1]]) {
        const number = place.querySelector("[data-number]");
        number.textContent = String(Number(number.textContent) + by);
      }
    } else {
      from.querySelector(".board-cards").insertBefore(card, stood);
    }
    say(this, ok ? this.dataset.moved : this.dataset.failed, card.dataset.name);
  }

  end() {
    this.dragged?.classList.remove("dragged");
    for (const column of this.querySelectorAll(".board-over")) column.classList.remove("board-over");
    this.dragged = null;
  }
});
