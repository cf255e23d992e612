using Mailbox.Gateway;
using Microsoft.AspNetCore.Builder;

namespace Mailbox.Hosting;

/// <summary>What a host is told beside the section <c>Mailbox</c>: its options on the command line, and where to listen.</summary>
public static class HostSettings
{
    // The first segments of keys that a host, ASP.NET Core, Orleans or OpenTelemetry reads.
    static readonly string[] s_roots =
    [
        "Mailbox", "urls", "Logging", "Kestrel", "Orleans", "AllowedHosts", "environment", "contentRoot", "applicationName", "http_ports", "https_ports",
        "shutdownTimeoutSeconds", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TIMEOUT",
        "OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
    ];

    /// <summary>Reads the section <c>Mailbox</c>; remembers the faults of everything else.</summary>
    public static SettingsReader ReadSettings(this WebApplicationBuilder builder, string[] args)
    {
        var settings = new SettingsReader(builder.Configuration.GetSection("Mailbox"));
        CheckArguments(settings, args);
        settings.ReadAddresses(builder.Configuration);
        settings.ReadTelemetry(builder.Configuration);
        return settings;
    }

    // The configuration takes any key, and passes over what is none.
    static void CheckArguments(SettingsReader settings, string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            var (name, value) = args[i].Split('=', 2) is [var left, var right] ? (left, right) : (args[i], null);
            if (!name.StartsWith("--", StringComparison.Ordinal) && !name.StartsWith('/') && (value is null || name.StartsWith('-')))
            {
                settings.Refuse(name, value, "it is no option; options are --KEY VALUE, see --help");
                continue;
            }
            if (value is null && i + 1 < args.Length) value = args[++i];
            var key = name.TrimStart('-', '/');
            if (value is null) settings.Refuse(name, value, "the option needs a value, see --help");
            else if (!s_roots.Contains(key.Split(':')[0], StringComparer.OrdinalIgnoreCase))
                settings.Refuse(name, value, $"the option is unknown{Spelling.Suggest(key.Split(':')[0], s_roots)}; see --help");
        }
    }
}
