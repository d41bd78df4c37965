// Sends one file by itself, with progress. The answer is {ok, data} or {lost: true} when the connection broke.

export const csrfToken = () => document.querySelector("input[name=csrfmiddlewaretoken]").value;

export function send(address, name, file, onProgress) {
  return new Promise((resolve) => {
    const form = new FormData();
    form.append(name, file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      const ok = request.status >= 200 && request.status < 300 && Boolean(request.response) && !request.response.error;
      resolve({ ok, data: request.response ?? {} });
    });
    for (const end of ["error", "abort", "timeout"]) request.addEventListener(end, () => resolve({ lost: true }));
    request.send(form);
  });
}
