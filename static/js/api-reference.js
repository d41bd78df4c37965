// Swagger UI over our own description; nothing is loaded from elsewhere, no page of anybody's is told the key.
const place = document.getElementById("reference");
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
