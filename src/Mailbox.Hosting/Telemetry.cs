using System.Diagnostics.Metrics;
using System.Text;
using System.Text.RegularExpressions;
using Mailbox.Gateway;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Mailbox.Hosting;

/// <summary>Exports the process's metrics (spec O2): Prometheus text at <c>/metrics</c>, and by OTLP where OpenTelemetry's own variable names a collector.</summary>
public static partial class Telemetry
{
    const string CollectorKey = "OTEL_EXPORTER_OTLP_ENDPOINT";
    const string TimeoutKey = "OTEL_EXPORTER_OTLP_TIMEOUT";
    const int Timeout = 2000;

    /// <summary>Remembers a fault where the collector's address is not a URL.</summary>
    public static void ReadTelemetry(this SettingsReader settings, IConfiguration configuration)
    {
        if (configuration[CollectorKey] is { Length: > 0 } collector && !(Uri.TryCreate(collector, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            settings.Refuse(CollectorKey, collector, "allowed is a URL such as http://127.0.0.1:4317, or nothing");
    }

    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        var hasCollector = !string.IsNullOrEmpty(configuration[CollectorKey]);
        services.AddSingleton(static provider => new MetricsRoute(Scraping(provider)));
        services.AddOpenTelemetry()
            .ConfigureResource(Describe)
            .WithMetrics(metrics =>
            {
                metrics.AddMeter("Mailbox.*", "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel");
                metrics.AddView(WithoutDurations);
                // Names begin with the part that they come from: the meter's name as a label of each sample would say it again. Each scrape reads the counters.
                metrics.AddPrometheusExporter(static options => (options.ScopeInfoEnabled, options.ScrapeResponseCacheDurationMilliseconds) = (false, 0));
                if (!hasCollector) return;
                // A stop waits for the last push. With OpenTelemetry's 10 s, a collector that hangs would delay a gateway that rejoins its silo.
                metrics.AddOtlpExporter(options => options.TimeoutMilliseconds = configuration[TimeoutKey] is null ? Timeout : options.TimeoutMilliseconds);
            });
        return services;
    }

    /// <summary>What <c>OTEL_SERVICE_NAME</c> and <c>OTEL_RESOURCE_ATTRIBUTES</c> say wins.</summary>
    static void Describe(ResourceBuilder resource) => resource.AddService("mailbox").AddEnvironmentVariableDetector();

    /// <summary>Histograms of Kestrel's are measured, and their tags kept with each connection, while somebody listens: a connection would cost more to hold.</summary>
    static MetricStreamConfiguration? WithoutDurations(Instrument instrument) =>
        instrument is Histogram<double> && instrument.Meter.Name == "Microsoft.AspNetCore.Server.Kestrel" ? MetricStreamConfiguration.Drop : null;

    static RequestDelegate Scraping(IServiceProvider provider)
    {
        var scrape = new ApplicationBuilder(provider).UseOpenTelemetryPrometheusScrapingEndpoint(static _ => true).Build();
        return http => AnswerAsync(http, scrape);
    }

    /// <summary>
    /// The exporter writes <c>name{} 1</c> for a sample without labels. Every other library writes <c>name 1</c>, which scripts look for at the begin of a line.
    /// </summary>
    static async Task AnswerAsync(HttpContext http, RequestDelegate scrape)
    {
        var body = http.Response.Body;
        using var text = new MemoryStream();
        http.Response.Body = text;
        http.Request.Headers.Remove("Accept-Encoding");
        try
        {
            await scrape(http).ConfigureAwait(false);
        }
        finally
        {
            http.Response.Body = body;
        }
        var plain = Encoding.UTF8.GetBytes(EmptyLabels().Replace(Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length), "$1"));
        http.Response.ContentLength = plain.Length;
        if (http.Request.Method != "HEAD") await http.Response.Body.WriteAsync(plain, http.RequestAborted).ConfigureAwait(false);
    }

    [GeneratedRegex(@"^(\w+)\{\}", RegexOptions.Multiline)]
    private static partial Regex EmptyLabels();
}
