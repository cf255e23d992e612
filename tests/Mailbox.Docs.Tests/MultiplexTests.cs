using System.Net.Sockets;
using System.Text.RegularExpressions;
using Xunit;

namespace Mailbox.Docs.Tests;

/// <summary>The exchange that docs/multiplex.md shows is what goes over the wire.</summary>
public sealed class MultiplexTests : ReadmeApplication
{
    const string Page = "docs/multiplex.md";

    // What is another's in each run.
    static readonly (string Pattern, string Name)[] s_own =
    [
        (@"[0-9a-f]{10,16}\.\d+", "POSITION"),
        (@"""expires"":""[^""]+""", "EXPIRES"),
        (@"\nDate: [^\n]+", "\nDATE"),
        (@"\nContent-Length: \d{3}\n", "\nLENGTH\n"),
        (@"127\.0\.0\.1:\d+", "ADDRESS"),
        (@"(mailbox=|Multiplex-Token: )[^\s;]+", "$1TOKEN"),
    ];

    [Fact]
    public async Task An_application_answers_one_request_with_letters_for_many()
    {
        using var bob = await BeginAsync();
        using var alice = await SayAsync("say");
        using var application = await TakeAsync();
        var forwarded = await application.UntilAsync("text=hello");
        Is("forwarded", forwarded + "\r\n");

        var answer = Readme.Wire(Page, "multiplexed");
        await application.SayAsync(answer.Replace(TokenIn(answer), TokenIn(forwarded), StringComparison.Ordinal));
        application.End();
        Is("answered", await alice.UntilAsync("</p>") + "\r\n");
        await bob.UntilAsync("id: ");
        Is("streamed", "id: " + await bob.UntilAsync("}\n\n"));
    }

    [Fact]
    public async Task A_backend_posts_letters_for_many_and_is_told_what_was_stored()
    {
        using var bob = await BeginAsync();
        using var backend = await SayAsync("deliver");
        Is("delivered", await backend.UntilAsync("]}]") + "\r\n");
        using var broken = await SayAsync("broken");
        Is("refused", await broken.UntilAsync("]}]}") + "\r\n");
    }

    async Task<WireConnection> BeginAsync()
    {
        using var joined = await SayAsync("join");
        await joined.UntilAsync("}");
        var bob = await SayAsync("open");
        await bob.UntilAsync("id: ");
        await bob.UntilAsync("\n\n");
        return bob;
    }

    static void Is(string name, string said) => Assert.Equal(Plain(Readme.Wire(Page, name)), Plain(said));

    async Task<WireConnection> SayAsync(string name)
    {
        var client = new TcpClient();
        await client.ConnectAsync(Server.Address.Host, Server.Address.Port);
        var connection = new WireConnection(client);
        var said = Readme.Wire(Page, name);
        // A page's block ends with a line's end; a body need not.
        await connection.SayAsync(said.EndsWith("\r\n\r\n", StringComparison.Ordinal) ? said : said[..^2]);
        return connection;
    }

    static string Plain(string text)
    {
        text = text.Replace("\r\n", "\n", StringComparison.Ordinal);
        foreach (var (pattern, name) in s_own) text = Regex.Replace(text, pattern, name);
        return text;
    }
}
