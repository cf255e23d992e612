// A chat behind the gateway. It answers one request with letters for everybody else, and holds no connection.
//   dotnet run --project samples/Chat --urls http://127.0.0.1:9000, then: ./run.sh --Mailbox:Backend http://127.0.0.1:9000
using System.Collections.Concurrent;

const string Page = """
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
    """;
var members = new ConcurrentDictionary<string, bool>();
var app = WebApplication.Create(args);

app.MapGet("/", (HttpRequest request) =>
{
    members[request.Headers["Multiplex-Token"].ToString()] = true;
    return Results.Text(Page, "text/html");
});

app.MapPost("/", async (HttpRequest request, HttpResponse response) =>
{
    var me = request.Headers["Multiplex-Token"].ToString();
    members[me] = true;
    var words = await new StreamReader(request.Body).ReadToEndAsync();
    var others = members.Keys.Where(member => member != me).Select(member => $"Multiplex-Token: {member}\r\n").ToList();
    if (others.Count == 0) return Results.NoContent();
    var boundary = Guid.NewGuid().ToString("N"); // What somebody writes cannot end a part whose boundary nobody knows.
    response.ContentType = $"application/x-multiplex; boundary={boundary}";
    await response.WriteAsync($"--{boundary}\r\n{string.Concat(others)}\r\n{words}\r\n--{boundary}--\r\n");
    return Results.Empty;
});

app.Run();
