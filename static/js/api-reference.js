// Swagger UI over our own description; nothing is loaded from elsewhere, no page of anybody's is told the key.
const place = document.getElementById("reference");

// Swagger UI takes its dark colours from a class of the root element; ours need none.
const night = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", night.matches);
night.addEventListener("change", follow);
follow();

SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  validatorUrl: null,
  tryItOutEnabled: false,
});
