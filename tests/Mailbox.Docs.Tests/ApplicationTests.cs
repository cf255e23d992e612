using System.Net;
using Xunit;

namespace Mailbox.Docs.Tests;

/// <summary>The README's application behind the gateway: it puts visitors into a group, and answers with the body that is shown.</summary>
public sealed class ApplicationTests : ReadmeApplication
{
    [Fact]
    public async Task What_an_application_answers_reaches_the_group_but_not_who_asked()
    {
        using var alice = new Visitor(Server.Address);
        using var bob = new Visitor(Server.Address);
        foreach (var visitor in new[] { alice, bob })
        {
            await visitor.ReadAsync();
            Assert.Contains("\"added\":1", await Server.RunAsync("join", visitor.Token), StringComparison.Ordinal);
        }

        var asking = alice.AskAsync();
        using var application = await TakeAsync();
        var token = TokenIn(await application.UntilAsync("text=hello"));
        await application.SayAsync(Readme.Answer("multiplexed").Replace("TOKEN", token, StringComparison.Ordinal));
        application.End();

        Assert.Equal((HttpStatusCode.Created, "the answer to the request itself"), await asking);
        Assert.Contains("\"data\":\"a letter for the others\"", await bob.ReadAsync(), StringComparison.Ordinal);
        Assert.Contains("\"messages\":[]", await alice.ReadAsync(), StringComparison.Ordinal);
    }

    /// <summary>A browser, which keeps the cookie that the gateway gives it.</summary>
    sealed class Visitor(Uri server) : IDisposable
    {
        readonly CookieContainer _cookies = new();
        HttpClient? _http;

        public string Token => _cookies.GetCookies(server)["mailbox"]!.Value;

        HttpClient Http => _http ??= new(new SocketsHttpHandler { UseProxy = false, CookieContainer = _cookies }) { BaseAddress = server };

        public Task<string> ReadAsync() => Http.GetStringAsync(new Uri("/mailboxes/+me?wait=0&from=oldest", UriKind.Relative), TestContext.Current.CancellationToken);

        public async Task<(HttpStatusCode Status, string Body)> AskAsync()
        {
            using var said = new StringContent("text=hello");
            using var answer = await Http.PostAsync(new Uri("/say", UriKind.Relative), said, TestContext.Current.CancellationToken);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        public void Dispose() => _http?.Dispose();
    }
}
