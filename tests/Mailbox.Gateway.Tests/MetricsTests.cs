using System.Net.Http.Json;
using System.Reflection;
using System.Text.RegularExpressions;
using Mailbox.Hosting;
using Mailbox.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace Mailbox.Gateway.Tests;

/// <summary>What a host exports, beside the table of the documentation (spec O2).</summary>
[Trait("Rule", "O2")]
public sealed partial class MetricsTests
{
    const string OpenMetrics = "application/openmetrics-text";

    static readonly Metric[] s_documented = Documented();

    [Fact]
    public async Task Names_units_types_and_labels_of_a_host_are_those_of_the_table()
    {
        await using var collector = await Listener.StartAsync();
        await using var host = await HostProcess.StartAsync(
            "--OTEL_EXPORTER_OTLP_ENDPOINT", new Uri(collector.Url).GetLeftPart(UriPartial.Authority), "--OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf",
            "--OTEL_METRIC_EXPORT_INTERVAL", "200");
        using var made = await host.Http.PutAsJsonAsync("/webhooks/w", new { url = collector.Url, events = new[] { "opened" }, secret = new string('s', 32) }, TestContext.Current.CancellationToken);
        made.EnsureSuccessStatusCode();
        var text = "";
        await GatewayHost.UntilAsync(async () => (text = await host.Http.GetStringAsync("/metrics")).Contains("{webhook=\"w\"}", StringComparison.Ordinal));
        Assert.Equal(s_documented.Select(metric => (metric.Prometheus, metric.Type, metric.Label)).Order(), Exposed(text).Order());
        Assert.DoesNotContain(new string('s', 32), text, StringComparison.Ordinal);

        (string, string)[] pushed = [];
        await GatewayHost.UntilAsync(() =>
        {
            pushed = [.. collector.Heard.Select(static heard => Pushed(heard.Body)).Where(static one => one.Length > 0).LastOrDefault([])];
            return pushed.Any(static metric => metric.Item1 == "mailbox.gateway.webhook.failing");
        });
        Assert.Equal(s_documented.Select(metric => (metric.Instrument, metric.Unit)).Order(), pushed.Order());
    }

    [Fact]
    public async Task They_count_what_happened()
    {
        await using var host = await HostProcess.StartAsync();
        using var delivered = await host.Http.PostAsync("/mailboxes/a", new StringContent("x"), TestContext.Current.CancellationToken);
        Assert.Contains("\"data\":\"x\"", await host.Http.GetStringAsync("/mailboxes/a?from=oldest", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var text = await host.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        string[] lines =
        [
            "# TYPE mailbox_gateway_connections gauge", "mailbox_gateway_connections{transport=\"sse\"} 0", "mailbox_gateway_opens_total{transport=\"poll\"} 1",
            "mailbox_gateway_deliveries_total{outcome=\"stored\"} 1", "mailbox_gateway_messages_written_total 1", "mailbox_gateway_ready 1", "mailbox_messages_total 1",
        ];
        Assert.All(lines, line => Assert.Contains($"\n{line}\n", text, StringComparison.Ordinal));
        // Of the platform's.
        Assert.Contains("\ndotnet_process_memory_working_set_bytes ", text, StringComparison.Ordinal);
        Assert.Contains("\nkestrel_active_connections{", text, StringComparison.Ordinal);
        Assert.DoesNotContain("kestrel_connection_duration", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*/*", "text/plain; version=0.0.4", "")]
    [InlineData("text/plain", "text/plain; version=0.0.4", "")]
    [InlineData(OpenMetrics + ";version=1.0.0,text/plain;version=0.0.4;q=0.5", OpenMetrics + "; version=1.0.0", "\n# EOF\n")]
    public async Task The_format_is_the_one_that_is_asked_for(string accept, string contentType, string end)
    {
        await using var host = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { { "Accept", accept }, { "Accept-Encoding", "gzip" } } };
        using var answer = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith(contentType, answer.Content.Headers.ContentType!.ToString(), StringComparison.Ordinal);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.Equal(System.Text.Encoding.UTF8.GetByteCount(text), answer.Content.Headers.ContentLength);
        Assert.EndsWith(end, text, StringComparison.Ordinal);
        Assert.DoesNotContain("{}", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_GET_and_HEAD_of_exactly_this_path_are_answered()
    {
        await using var host = await StartAsync();
        using var head = await host.SendAsync(HttpMethod.Head, "/metrics");
        Assert.Equal(200, (int)head.StatusCode);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        using var post = await host.SendAsync(HttpMethod.Post, "/metrics");
        await Problems.OfAsync(post, 405, "method-not-allowed");
        using var below = await host.SendAsync(HttpMethod.Get, "/metrics/x");
        await Problems.OfAsync(below, 404, "not-found");
    }

    [Fact]
    public async Task They_are_answered_while_the_server_drains()
    {
        await using var host = await StartAsync();
        using var held = await host.OpenAsync("/mailboxes/a", "text/event-stream");
        var drained = host.Held.DrainAsync(TimeSpan.FromSeconds(20));
        Assert.Contains("\nmailbox_gateway_connections{transport=\"sse\"} ", await host.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.False(drained.IsCompleted);
        host.Time.Pass(TimeSpan.FromSeconds(20));
        await drained.WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task No_name_of_a_mailbox_or_group_is_a_label()
    {
        await using var host = await StartAsync();
        using var joined = await host.SendAsync(HttpMethod.Put, "/groups/secret-group/members/secret-box");
        using var sent = await host.SendAsync(HttpMethod.Post, "/groups/secret-group", [1]);
        using var held = await host.OpenAsync("/mailboxes/secret-box", "text/event-stream");
        Assert.DoesNotContain("secret", await host.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("collector:4317")]
    [InlineData("/tmp/collector")]
    public void A_collector_that_is_not_a_URL_is_refused(string endpoint)
    {
        var configuration = Configuration(("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint));
        var settings = new SettingsReader(configuration.GetSection("Mailbox"));
        settings.ReadTelemetry(configuration);
        var fault = Assert.Throws<SettingsException>(settings.Check);
        Assert.StartsWith($"OTEL_EXPORTER_OTLP_ENDPOINT is '{endpoint}': allowed is a URL", Assert.Single(fault.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_webhook_that_was_removed_is_measured_no_more()
    {
        await using var host = await StartAsync();
        using var made = await host.Http.PutAsJsonAsync("/webhooks/leaver", new { url = "http://127.0.0.1:9/", events = new[] { "opened" }, secret = new string('s', 32) }, TestContext.Current.CancellationToken);
        made.EnsureSuccessStatusCode();
        await GatewayHost.UntilAsync(async () => (await host.Http.GetStringAsync("/metrics")).Contains("{webhook=\"leaver\"}", StringComparison.Ordinal));
        using var removed = await host.SendAsync(HttpMethod.Delete, "/webhooks/leaver");
        await GatewayHost.UntilAsync(() => host.Measure("mailbox.gateway.webhook.failing", "leaver") is null);
        await GatewayHost.UntilAsync(async () => !(await host.Http.GetStringAsync("/metrics")).Contains("leaver", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_application_that_embeds_the_gateway_exports_the_meters_itself()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<ILog>(new MemoryLog { Keeps = Durability.Disk });
        builder.Services.AddGateway(new() { Drain = TimeSpan.Zero });
        builder.Services.AddOpenTelemetry().WithMetrics(static metrics => metrics.AddMeter("Mailbox.*").AddPrometheusExporter());
        await using var app = builder.Build();
        app.MapGateway();
        app.MapPrometheusScrapingEndpoint();
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = new(app.Urls.Single()) };
        var text = await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Contains("\n# TYPE mailbox_gateway_connections gauge\n", text, StringComparison.Ordinal);
        Assert.Contains("\n# TYPE mailbox_messages_total counter\n", text, StringComparison.Ordinal);
    }

    static Task<GatewayHost> StartAsync() => GatewayHost.StartAsync(services: static services => services.AddTelemetry(Configuration()));

    static IConfigurationRoot Configuration(params (string Key, string Value)[] values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(static pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build();

    static IEnumerable<(string Prometheus, string Type, string Label)> Exposed(string text) =>
        from type in Type().Matches(text)
        let name = type.Groups[1].Value
        select (name, type.Groups[2].Value, Regex.Match(text, $@"^{name}(?:\{{(\w+)=""[^,}}]*\}})? \d", RegexOptions.Multiline).Groups[1].Value);

    /// <summary>Names and units in a protobuf message, whose strings stand there as they are: name, description and unit are fields 1 to 3, each with a length below 128.</summary>
    static (string, string)[] Pushed(string body) => [.. Described().Matches(body).Select(static metric => (metric.Groups[1].Value, metric.Groups[2].Value))];

    static Metric[] Documented()
    {
        var root = typeof(MetricsTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static one => one.Key == "Root").Value!;
        return [.. Row().Matches(File.ReadAllText(Path.Combine(root, "docs/protocol.md"))).Select(static row => row.Groups)
            .Select(static row => new Metric(row[1].Value, row[2].Value, row[3].Value, row[4].Value, row[5].Value))];
    }

    sealed record Metric(string Prometheus, string Label, string Type, string Instrument, string Unit);

    [GeneratedRegex(@"^\| `(mailbox_\w+)(?:\{(\w+)\})?` \| (\w+) \| `(mailbox[\w.]+)` \| `(\{\w+\})` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^# TYPE (mailbox_\w+) (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex(@"\n[\x01-\x7f](mailbox[a-z._]+)\x12[\x01-\x7f][^\x1a]+\x1a[\x01-\x7f](\{\w+\})")]
    private static partial Regex Described();
}
