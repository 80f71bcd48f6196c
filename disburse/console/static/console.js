"use strict";
// An invitation's code may come behind the # of a link: the browser sends that part to nobody.
const invitation = document.getElementById("invitation");
if (invitation && location.hash.length > 1) {
  invitation.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
}
