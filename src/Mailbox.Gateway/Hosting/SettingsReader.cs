using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Mailbox.Gateway;

/// <summary>
/// Reads one configuration section into the options of several parts of a host, and reports all its faults at once: values that cannot be
/// read or are out of range, and unknown keys.
/// </summary>
public sealed class SettingsReader(IConfigurationSection section)
{
    readonly List<string> _faults = [];
    readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    readonly List<SettingsReader> _within = [];

    /// <summary>Sets the properties that the section names, and remembers the faults.</summary>
    /// <param name="own">The property that the section's own value sets, where it has one beside its keys.</param>
    public T Read<T>(string own = "") where T : class, new()
    {
        var options = new T();
        foreach (var property in typeof(T).GetProperties().Where(static property => property.SetMethod is { IsPublic: true }))
        {
            _known.Add(property.Name);
            var setting = property.Name == own && section.Value is not null ? section : section.GetSection(property.Name);
            if (setting.Exists() && Convert(setting, property) is { } value) property.SetValue(options, value);
        }
        _faults.AddRange(OptionRanges.FaultsOf(options, section.Path));
        return options;
    }

    /// <summary>Reads the section <c>Backend</c>. Its own value is the application's URL.</summary>
    public BackendOptions ReadBackend() => Within("Backend").Read<BackendOptions>(nameof(BackendOptions.Url));

    /// <summary>
    /// Requires <c>TokenKey</c> with <c>Backend</c>. For hosts without a directory to keep a key in: all gateways must sign tokens with
    /// the same one.
    /// </summary>
    public void NeedTokenKey(GatewayOptions gateway, BackendOptions backend)
    {
        if (backend.IsOn && gateway.TokenKey.Length == 0)
            Refuse(nameof(GatewayOptions.TokenKey), "with Backend it is needed here, base64 of at least 32 bytes, the same for all gateways");
    }

    /// <summary>Reads a section within this one; <see cref="Check"/> of this one reports its faults too.</summary>
    public SettingsReader Within(string key)
    {
        _known.Add(key);
        var within = new SettingsReader(section.GetSection(key));
        _within.Add(within);
        return within;
    }

    /// <summary>Remembers a fault that shows only when keys are seen together.</summary>
    public void Refuse(string key, string allowed) => Refuse($"{section.Path}:{key}", section[key], allowed);

    /// <summary>Remembers a fault of a setting outside the section.</summary>
    public void Refuse(string key, string? value, string allowed) => _faults.Add(OptionRanges.Describe(key, value, allowed));

    /// <summary>Checks the addresses that the server is to bind to. The host would end with a stack trace at a wrong one.</summary>
    public void ReadAddresses(IConfiguration configuration)
    {
        foreach (var key in configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(static endpoint => endpoint.GetSection("Url")).Prepend(configuration.GetSection("urls")))
            if (key.Value is { } urls && !urls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).All(IsAddress))
                _faults.Add(OptionRanges.Describe(key.Path, urls, "allowed are http://127.0.0.1:PORT, http://[::1]:PORT and http://localhost:PORT, several with ';' between them; for https put a proxy in front"));
        if (configuration["https_ports"] is { Length: > 0 } ports)
            _faults.Add(OptionRanges.Describe("https_ports", ports, "it must be left out; for https put a proxy in front"));
    }

    static bool IsAddress(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            return address.Scheme.Equals("http", StringComparison.OrdinalIgnoreCase) && address.PathBase.Length == 0 && address.Port is >= 0 and <= ushort.MaxValue
                // Its two sockets, of either family, cannot choose the same port.
                && !(address.Port == 0 && address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase));
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <exception cref="SettingsException">There were faults.</exception>
    public void Check()
    {
        var faults = Faults().ToList();
        if (faults.Count > 0) throw new SettingsException(faults);
    }

    // A key that two parts read has its fault once.
    IEnumerable<string> Faults() => _faults.Distinct().Concat(Unknown()).Concat(_within.SelectMany(static within => within.Faults()));

    IEnumerable<string> Unknown() => section.GetChildren().Where(key => !_known.Contains(key.Key)).Select(key => OptionRanges.Describe(
        key.Path, key.Value, $"the key is unknown{Spelling.Suggest(key.Key, _known)}; known are {string.Join(", ", _known.Order())}"));

    object? Convert(IConfigurationSection setting, PropertyInfo property)
    {
        var type = property.PropertyType;
        if (type.IsAssignableFrom(typeof(List<string>)) && type != typeof(object))
        {
            if (setting.Value is not { } list) return setting.GetChildren().Select(static child => child.Value ?? "").ToList();
            return list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToList();
        }
        try
        {
            // .NET reads a bare number as days; people mean seconds.
            if (type == typeof(TimeSpan) && !(setting.Value ?? "").Contains(':')) throw new FormatException();
            var value = TypeDescriptor.GetConverter(type).ConvertFromInvariantString(setting.Value ?? "");
            // Any number would do for an enumeration.
            return !type.IsEnum || Enum.IsDefined(type, value!) ? value : throw new FormatException();
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or NotSupportedException or OverflowException)
        {
            _faults.Add(OptionRanges.Describe(setting.Path, setting.Value, Allowed(property)));
            return null;
        }
    }

    static string Allowed(PropertyInfo property)
    {
        var (type, range) = (property.PropertyType, property.GetCustomAttribute<RangeAttribute>());
        if (type.IsEnum) return "allowed are " + string.Join(", ", Enum.GetNames(type));
        if (type == typeof(bool)) return "allowed are True and False";
        if (type == typeof(TimeSpan)) return "allowed is a duration, [days.]hours:minutes:seconds, such as 00:00:15 or 1.00:00:00";
        return range is null ? "allowed is a whole number" : $"allowed is a whole number from {range.Minimum} to {range.Maximum}";
    }
}

/// <summary>Suggestions for misspelt names.</summary>
public static class Spelling
{
    const int MostEdits = 2;

    /// <returns>A clause for a message; empty where nothing is near.</returns>
    public static string Suggest(string name, IEnumerable<string> known)
    {
        var nearest = known.MinBy(one => Edits(name.ToUpperInvariant(), one.ToUpperInvariant()));
        return nearest is not null && Edits(name.ToUpperInvariant(), nearest.ToUpperInvariant()) <= MostEdits ? $", did you mean {nearest}?" : "";
    }

    /// <summary>The Levenshtein distance.</summary>
    static int Edits(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1)));
        }
        return row[^1];
    }
}

/// <summary>The configuration has faults.</summary>
public sealed class SettingsException(IReadOnlyList<string> faults)
    : Exception($"The configuration has {faults.Count} fault(s):{string.Concat(faults.Select(static fault => "\n  " + fault))}")
{
    /// <summary>One line for each: key, value, and what is allowed.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}

/// <summary>The ranges that options declare at their properties.</summary>
static class OptionRanges
{
    /// <returns>One line for each fault: key, value, and what is allowed.</returns>
    public static IEnumerable<string> FaultsOf(object options, string prefix)
    {
        foreach (var property in options.GetType().GetProperties())
        {
            var value = property.GetValue(options);
            if (property.GetCustomAttribute<ValidationAttribute>() is not { } rule || rule.IsValid(value)) continue;
            var allowed = rule is RangeAttribute range ? $"allowed is {range.Minimum} to {range.Maximum}" : rule.FormatErrorMessage("");
            yield return Describe($"{prefix}:{property.Name}", value is IEnumerable<string> list ? string.Join(", ", list) : value, allowed);
        }
    }

    public static string Describe(string key, object? value, string allowed) =>
        string.Create(CultureInfo.InvariantCulture, $"{key} is '{value}': {allowed}.");
}
