using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Mailbox.Backends.Tests;

/// <summary>A real php-fpm behind the gateway, without a web server between.</summary>
public sealed class PhpTests
{
    static readonly string s_probe = $"{Installed.Scripts}/probe.php";

    [Fact]
    public async Task A_script_finds_what_it_knows_from_web_servers()
    {
        await using var php = await PhpFpm.StartAsync(s_probe, onSocket: true);
        await using var gateway = await Gateway.StartAsync(php.Url, php.Root, "probe.php");

        var told = JsonSerializer.Deserialize<Dictionary<string, string>>(await gateway.Http.GetStringAsync("/probe.php/a%20b?c=d", TestContext.Current.CancellationToken))!;
        Assert.Equal("/probe.php", told["SCRIPT_NAME"]);
        Assert.Equal("/a b", told["PATH_INFO"]);
        Assert.Equal("/probe.php/a b", told["PHP_SELF"]);
        Assert.Equal("/probe.php/a%20b?c=d", told["REQUEST_URI"]);
        Assert.Equal("c=d", told["QUERY_STRING"]);
        Assert.Contains("\"REQUEST_URI\":\"\\/users\\/7\"", await gateway.Http.GetStringAsync("/users/7", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bodies_arrive_as_they_were_sent_with_and_without_a_length()
    {
        await using var php = await PhpFpm.StartAsync(s_probe);
        await using var gateway = await Gateway.StartAsync(php.Url, php.Root);
        var body = RandomNumberGenerator.GetBytes(3_000_000);
        foreach (var isChunked in new[] { false, true })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/probe.php?do=echo") { Content = new ByteArrayContent(body) };
            request.Headers.TransferEncodingChunked = isChunked;
            using var answer = await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(body, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Two_workers_serve_forty_clients_at_once()
    {
        await using var php = await PhpFpm.StartAsync(s_probe);
        await using var gateway = await Gateway.StartAsync(php.Url, php.Root);
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => gateway.Http.GetStringAsync("/probe.php?do=slow")));
        Assert.Equal(2, answers.Distinct().Count());
    }

    [Fact]
    public async Task A_status_cookies_and_errors_are_passed_on()
    {
        await using var php = await PhpFpm.StartAsync(s_probe);
        await using var gateway = await Gateway.StartAsync(php.Url, php.Root);
        using var answer = await gateway.Http.GetAsync("/probe.php?do=fail", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Subset(answer.Headers.GetValues("Set-Cookie").ToHashSet(), new HashSet<string> { "a=1", "b=2" });
        Assert.Contains(gateway.Logged, line => line.Contains("noted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_client_says_is_a_request_and_503_while_php_is_away()
    {
        var php = await PhpFpm.StartAsync(s_probe);
        await using var gateway = await Gateway.StartAsync(new() { Url = php.Url, Root = php.Root, Uplink = "/probe.php?do=echo" });
        using var said = await gateway.Http.PostAsync("/mailboxes/alice/uplink", new StringContent("hello"), TestContext.Current.CancellationToken);
        Assert.Equal("hello", await said.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await php.DisposeAsync();
        using var unsaid = await gateway.Http.PostAsync("/mailboxes/alice/uplink", new StringContent("hello"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unsaid.StatusCode);
        Assert.NotNull(unsaid.Headers.RetryAfter);
    }

    [Fact]
    public async Task A_script_ends_when_its_client_leaves()
    {
        await using var php = await PhpFpm.StartAsync(s_probe);
        await using var gateway = await Gateway.StartAsync(php.Url, php.Root);
        using (var staying = await gateway.Http.GetStreamAsync("/probe.php?do=stay", TestContext.Current.CancellationToken)) Assert.NotEmpty(await LineAsync(staying));

        using var patience = new CancellationTokenSource(Running.Patience);
        while (!File.Exists($"{php.Root}/left")) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
    }

    [Fact]
    public async Task A_worker_that_dies_breaks_its_answer_off_and_the_next_serves()
    {
        await using var php = await PhpFpm.StartAsync(s_probe);
        await using var gateway = await Gateway.StartAsync(php.Url, php.Root);
        using var staying = await gateway.Http.GetStreamAsync("/probe.php?do=stay", TestContext.Current.CancellationToken);
        using (var worker = Process.GetProcessById(int.Parse(await LineAsync(staying)))) worker.Kill();

        await Assert.ThrowsAnyAsync<IOException>(() => staying.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));
        Assert.NotEmpty(await gateway.Http.GetStringAsync("/probe.php?do=slow", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Letters_that_were_whole_are_delivered_though_the_worker_dies_in_the_next_and_the_client_gets_a_502()
    {
        await using var php = await PhpFpm.StartAsync(s_probe);
        await using var gateway = await Gateway.StartAsync(php.Url, php.Root);
        var asking = gateway.Http.GetAsync("/probe.php?do=letters", TestContext.Current.CancellationToken);
        var letters = await LettersAsync(gateway);
        while (letters.Count < 2 && !asking.IsCompleted) letters = await LettersAsync(gateway);
        using (var worker = Process.GetProcessById(int.Parse(letters[1]))) worker.Kill();

        using var answer = await asking;
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal(letters, await LettersAsync(gateway));
        Assert.Equal("one", letters[0]);
    }

    static async Task<List<string>> LettersAsync(Gateway gateway)
    {
        using var answer = JsonDocument.Parse(await gateway.Http.GetStringAsync("/mailboxes/reader?from=oldest&wait=0"));
        return [.. answer.RootElement.GetProperty("messages").EnumerateArray().Select(letter => letter.GetProperty("data").ToString())];
    }

    static async Task<string> LineAsync(Stream stream)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (await stream.ReadAsync(one) == 1 && one[0] != '\n') line.Add(one[0]);
        return Encoding.ASCII.GetString([.. line]);
    }
}
