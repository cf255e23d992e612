using System.Net;

namespace Mailbox.Backends.Tests;

/// <summary>The chats in <c>samples</c> that people copy: each answers one request with letters for everybody else.</summary>
public sealed class SampleTests
{
    [Fact]
    public async Task A_chat_in_PHP_works()
    {
        await using var php = await PhpFpm.StartAsync($"{Installed.Samples}/chat.php");
        await using var gateway = await Gateway.StartAsync(php.Url, php.Root, "chat.php");
        await ChatAsync(gateway);
    }

    [Fact]
    public Task A_chat_in_Node_works() => ChatAsync(port => [Installed.Node, $"{Installed.Samples}/chat.mjs", port]);

    [Fact]
    public Task A_chat_in_Python_works() => ChatAsync(port => [Installed.Python, $"{Installed.Samples}/chat.py", port]);

    [Fact]
    public Task A_chat_in_CSharp_works() => ChatAsync(port => ["dotnet", Installed.Chat, "--urls", $"http://127.0.0.1:{port}"]);

    static async Task ChatAsync(Func<string, string[]> command)
    {
        var listens = Running.FreePort();
        var line = command($"{listens.Port}");
        await using var application = await Running.StartAsync(listens, line[0], line[1..]);
        await using var gateway = await Gateway.StartAsync($"http://{listens}");
        await ChatAsync(gateway);
    }

    static async Task ChatAsync(Gateway gateway)
    {
        using var alice = new Visitor(gateway.Http.BaseAddress!);
        using var bob = new Visitor(gateway.Http.BaseAddress!);
        using var carol = new Visitor(gateway.Http.BaseAddress!);
        Assert.Contains("open('', '+me')", await alice.VisitAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, await alice.SayAsync("nobody is here"));
        await bob.VisitAsync();
        await carol.VisitAsync();

        var reading = bob.ReadAsync(wait: 30);
        Assert.Equal(HttpStatusCode.NoContent, await alice.SayAsync("grüß euch"));

        Assert.Contains("\"data\":\"gr\u00fc\u00df euch\"", await reading, StringComparison.Ordinal);
        Assert.Contains("\"data\":\"gr\u00fc\u00df euch\"", await carol.ReadAsync(wait: 30), StringComparison.Ordinal);
        Assert.Contains("\"messages\":[]", await alice.ReadAsync(wait: 0), StringComparison.Ordinal);
    }
}
