using System.Diagnostics;
using System.Net;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using StandardWebhooks;
using StandardWebhooks.Diagnostics;

namespace Mailbox.Gateway.Tests;

/// <summary>What is signed here is verified by the libraries that receivers use: Standard Webhooks of NuGet and of npm.</summary>
public sealed class WebhookReceiverTests
{
    const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const string Newer = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    static readonly string s_npm = typeof(WebhookReceiverTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static one => one.Key == "Receiver").Value!;

    [Fact]
    public async Task The_library_of_npm_verifies_what_is_told_and_nothing_that_was_changed()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host.Http, endpoint, Secret);
        await host.SendAsync(HttpMethod.Post, "/mailboxes/a/uplink", "\"Gr\u00fc\u00dfe \ud83d\udcec\""u8.ToArray(), ("Content-Type", "application/json"));
        await host.UntilToldAsync(endpoint, 2);
        foreach (var heard in endpoint.Heard)
        {
            Assert.True(await IsValidAsync(Secret, heard));
            Assert.False(await IsValidAsync(Newer, heard));
            Assert.False(await IsValidAsync(Secret, heard with { Body = heard.Body + " " }));
            Assert.False(await IsValidAsync(Secret, heard with { Headers = With(heard, "webhook-id", "another") }));
        }
    }

    // The library looks at the clock, so that the gateway has the system's: in a process of its own.
    [Fact]
    public async Task The_library_of_NuGet_verifies_what_is_told_and_nothing_that_was_changed()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await HostProcess.StartAsync();
        await PutAsync(host.Http, endpoint, Secret);
        using var said = new StringContent("\"Gr\u00fc\u00dfe \ud83d\udcec\"", null, "application/json");
        (await host.Http.PostAsync("/mailboxes/a/uplink", said, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        await GatewayHost.UntilAsync(() => endpoint.Heard.Count >= 2);
        foreach (var heard in endpoint.Heard)
        {
            Verify(Secret, heard);
            Assert.Throws<WebhookVerificationException>(() => Verify(Newer, heard));
            Assert.Throws<WebhookVerificationException>(() => Verify(Secret, heard with { Body = heard.Body + " " }));
            Assert.Throws<WebhookVerificationException>(() => Verify(Secret, heard with { Headers = With(heard, "webhook-id", "another") }));
        }
    }

    [Fact]
    public async Task While_a_secret_is_rotated_either_verifies_and_a_day_later_the_new_one_alone()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host.Http, endpoint, Secret);
        Assert.Equal(HttpStatusCode.OK, (await PutAsync(host.Http, endpoint, Newer)).StatusCode);
        await host.DeliverAsync("a", "1");
        await host.UntilToldAsync(endpoint, 1);
        Assert.Equal((true, true), await BothAsync(endpoint.Heard.Last()));
        // The same again is no second rotation.
        await PutAsync(host.Http, endpoint, Newer);
        host.Time.Advance(TimeSpan.FromHours(25));
        await host.DeliverAsync("b", "1");
        await host.UntilToldAsync(endpoint, 2);
        Assert.Equal((false, true), await BothAsync(endpoint.Heard.Last()));
    }

    [Fact]
    public async Task A_list_says_which_secrets_sign()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host.Http, endpoint, Secret);
        await PutAsync(host.Http, endpoint, new[] { Newer, Secret });
        await host.DeliverAsync("a", "1");
        await host.UntilToldAsync(endpoint, 1);
        Assert.Equal((true, true), await BothAsync(endpoint.Heard.Last()));
        await PutAsync(host.Http, endpoint, new[] { Newer });
        await host.DeliverAsync("b", "1");
        await host.UntilToldAsync(endpoint, 2);
        Assert.Equal((false, true), await BothAsync(endpoint.Heard.Last()));
    }

    [Fact]
    public async Task A_secret_that_is_no_base64_is_its_own_bytes()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host.Http, endpoint, "s\u00e9");
        await host.DeliverAsync("a", "1");
        await host.UntilToldAsync(endpoint, 1);
        Assert.True(await IsValidAsync("raw:s\u00e9", endpoint.Heard.First()));
    }

    static async Task<(bool Former, bool Newer)> BothAsync(Heard heard) => (await IsValidAsync(Secret, heard), await IsValidAsync(Newer, heard));

    static void Verify(string secret, Heard heard) => new StandardWebhook(secret).Verify(
        heard.Body, new HeaderDictionary(heard.Headers.ToDictionary(static one => one.Key, static one => new StringValues(one.Value))));

    static async Task<bool> IsValidAsync(string secret, Heard heard)
    {
        await s_installed.Value;
        return await RunAsync("node", JsonSerializer.Serialize(new { secret, body = heard.Body, headers = heard.Headers }), "verify.mjs") == 0;
    }

    static readonly Lazy<Task> s_installed = new(static async () => Assert.Equal(0, await RunAsync("npm", "", "ci", "--ignore-scripts", "--no-audit", "--no-fund")));

    static async Task<int> RunAsync(string program, string input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = s_npm, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    static Dictionary<string, string> With(Heard heard, string name, string value) =>
        new(heard.Headers, StringComparer.OrdinalIgnoreCase) { [name] = value };

    static Task<HttpResponseMessage> PutAsync(HttpClient http, Listener endpoint, object secret) => http.PutAsync(
        "/webhooks/w", new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(new { url = endpoint.Url, events = new[] { "opened", "uplink" }, secret })));
}
