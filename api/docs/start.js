"use strict";

const page = document.getElementById("docs");

SwaggerUIBundle({
  url: page.dataset.document,
  domNode: page,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 2,
  defaultModelRendering: "example",
  displayRequestDuration: true,
  filter: false,
  persistAuthorization: false,
  showExtensions: false,
  tryItOutEnabled: false,
  validatorUrl: null,
  syntaxHighlight: { theme: "tomorrow-night" },
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
