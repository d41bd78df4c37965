// Swagger UI over our own description; nothing is loaded from elsewhere, no page of anybody's is told the key.
const place = document.getElementById("reference");

// Its dark colours hang on a class of the root, which ours follow the system without.
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
