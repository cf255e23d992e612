<?php
// A chat behind the gateway. Each run answers one request with letters for everybody else, and dies.
//   php-fpm listens on 127.0.0.1:9001, then: ./run.sh --Mailbox:Backend fastcgi://127.0.0.1:9001
//     --Mailbox:Backend:Root $PWD/samples --Mailbox:Backend:Index chat.php
$me = $_SERVER['HTTP_MULTIPLEX_TOKEN'];
$members = sys_get_temp_dir() . '/chat-members';
@mkdir($members, 0700);
touch("$members/$me");

if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $others = array_diff(scandir($members), ['.', '..', $me]);
    $recent = array_filter($others, fn($token) => filemtime("$members/$token") > time() - 86400 || !unlink("$members/$token"));
    if (!$recent) { http_response_code(204); exit; }
    $boundary = bin2hex(random_bytes(16)); // What somebody writes cannot end a part whose boundary nobody knows.
    header("Content-Type: application/x-multiplex; boundary=$boundary");
    echo "--$boundary\r\n";
    foreach ($recent as $token) echo "Multiplex-Token: $token\r\n";
    echo "\r\n", file_get_contents('php://input'), "\r\n--$boundary--\r\n";
    exit;
}
?>
<!doctype html><meta charset="utf-8"><title>Chat</title>
<form><input autofocus></form><ul></ul>
<script type="module">
import { open } from '/mailbox-client.js'
const show = text => document.querySelector('ul').append(Object.assign(document.createElement('li'), { textContent: text }))
open('', '+me').addEventListener('message', letter => show(letter.detail.data))
document.forms[0].onsubmit = event => {
  event.preventDefault()
  const input = event.target[0]
  fetch('/', { method: 'POST', body: input.value })
  show(input.value)
  input.value = ''
}
</script>
