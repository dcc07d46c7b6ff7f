// What every page does: say how acts went, and say when it is no longer connected.

const SAID_MS = 8000

export function say (text, kind = '') {
  const line = document.createElement('div')
  line.className = `notice ${kind}`.trim()
  line.textContent = text
  document.getElementById('said').append(line)
  setTimeout(() => line.remove(), SAID_MS)
}

function connected (yes) {
  const notice = document.getElementById('connection')
  if (yes) {
    notice.hidden = true
  } else if (notice.hidden) {
    const since = new Date().toLocaleTimeString()
    notice.textContent = notice.dataset.text.replace('{since}', since)
    notice.hidden = false
  }
}

document.addEventListener('htmx:sseOpen', () => connected(true))
document.addEventListener('htmx:sseError', () => connected(false))
// At the request itself: htmx tells of a failure where the click was, and that may have been drawn anew meanwhile.
document.addEventListener('htmx:beforeSend', (event) => {
  const request = event.detail.xhr
  request.addEventListener('error', () => connected(false))
  request.addEventListener('load', () => {
    if (request.status < 400) return
    const plain = (request.getResponseHeader('content-type') || '').startsWith('text/plain')
    say(plain ? request.responseText : `${request.status} ${request.statusText}`, 'bad')
  })
})
// An act answers with a line for `#said` in the header HX-Trigger: {"said": {"text": …, "kind": …}}.
document.addEventListener('said', (event) => say(event.detail.text, event.detail.kind))
