// Loads the page of an email once it is painted: to run the editor takes a while.
requestAnimationFrame(() => setTimeout(() => import("./email.js")));
