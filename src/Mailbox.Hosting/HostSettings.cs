using Mailbox.Gateway;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Mailbox.Hosting;

/// <summary>What a host is told beside the section <c>Mailbox</c>: its options on the command line, and where to listen.</summary>
public static class HostSettings
{
    const int LastPort = 65535;
    const string Addresses = "allowed is http://127.0.0.1:PORT, or several of that form with ';' between";

    // The first segments of keys that a host, ASP.NET Core or Orleans reads.
    static readonly string[] s_roots =
    [
        "Mailbox", "urls", "Logging", "Kestrel", "Orleans", "AllowedHosts", "environment", "contentRoot", "applicationName", "http_ports", "https_ports",
        "shutdownTimeoutSeconds",
    ];

    /// <summary>Reads the section <c>Mailbox</c>; remembers the faults of everything else.</summary>
    public static SettingsReader ReadSettings(this WebApplicationBuilder builder, string[] args)
    {
        var settings = new SettingsReader(builder.Configuration.GetSection("Mailbox"));
        CheckArguments(settings, args);
        CheckAddresses(settings, builder.Configuration);
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

    static void CheckAddresses(SettingsReader settings, ConfigurationManager configuration)
    {
        var hasCertificate = configuration.GetSection("Kestrel:Certificates:Default").Exists();
        var own = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(static endpoint => endpoint.GetSection("Url"));
        foreach (var setting in own.Append(configuration.GetSection("urls")))
            foreach (var address in (setting.Value ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                if (!IsAddress(address, hasCertificate)) settings.Refuse(setting.Path, setting.Value, Addresses);
    }

    static bool IsAddress(string text, bool hasCertificate)
    {
        if (text.StartsWith("http://unix:/", StringComparison.OrdinalIgnoreCase)) return true;
        // Kestrel takes any address on a port as * or +; it refuses them, since they are not loopback.
        text = text.Replace("//*", "//0.0.0.0", StringComparison.Ordinal).Replace("//+", "//0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Port is < 0 or > LastPort || uri.PathAndQuery != "/") return false;
        // Two sockets of localhost cannot choose the same port.
        if (uri is { Host: "localhost", Port: 0 }) return false;
        return uri.Scheme == Uri.UriSchemeHttp || (uri.Scheme == Uri.UriSchemeHttps && hasCertificate);
    }
}
