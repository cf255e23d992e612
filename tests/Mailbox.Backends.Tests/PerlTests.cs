using System.Net;

namespace Mailbox.Backends.Tests;

/// <summary>A program by another implementation of FastCGI, libfcgi, behind the gateway.</summary>
public sealed class PerlTests : IAsyncLifetime
{
    Running? _program;
    Gateway? _gateway;

    HttpClient Http => _gateway!.Http;

    public async ValueTask InitializeAsync()
    {
        var listens = Running.FreePort();
        _program = await Running.StartAsync(listens, Installed.Perl, $"{Installed.Scripts}/probe.pl", $"{listens.Port}");
        _gateway = await Gateway.StartAsync($"fastcgi://{listens}");
    }

    [Fact]
    public async Task A_program_without_scripts_answers_every_path_on_one_connection()
    {
        for (var i = 0; i < 3; i++)
        {
            using var answer = await Http.GetAsync($"/a/b%20c?d={i}", TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.StartsWith($"/a/b c d={i} ", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        Assert.Contains(_gateway!.Logged, line => line.Contains("noted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Its_multiplexed_answer_is_a_letter_and_an_answer()
    {
        using var posted = await Http.PostAsync("/", new StringContent("words"), TestContext.Current.CancellationToken);
        Assert.Equal("posted", await posted.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains("\"data\":\"words\"", await Http.GetStringAsync("/mailboxes/reader?wait=0", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null) await _gateway.DisposeAsync();
        if (_program is not null) await _program.DisposeAsync();
    }
}
