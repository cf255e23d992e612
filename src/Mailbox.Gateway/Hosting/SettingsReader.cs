using System.ComponentModel;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Mailbox.Gateway;

/// <summary>
/// Reads one configuration section into the options of several parts of a host, and then reports every fault of it at once: values that
/// cannot be read or are out of range, and keys that nobody asked for.
/// </summary>
public sealed class SettingsReader(IConfigurationSection section)
{
    readonly List<string> _faults = [];
    readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    readonly List<SettingsReader> _within = [];
    string _own = "";

    /// <summary>Sets the properties that the section names, and remembers the faults.</summary>
    /// <param name="own">The property that the section's own value sets, where it has one beside its keys.</param>
    public T Read<T>(string own = "") where T : class, new()
    {
        _own = own;
        var options = new T();
        foreach (var property in typeof(T).GetProperties().Where(static property => property.SetMethod is { IsPublic: true })) Set(options, property);
        _faults.AddRange(OptionRanges.FaultsOf(options, section.Path));
        return options;
    }

    /// <summary>Reads the section <c>Backend</c>, whose own value says where the application is.</summary>
    public BackendOptions ReadBackend() => Within("Backend").Read<BackendOptions>(nameof(BackendOptions.Url));

    /// <summary>Gateways without a directory of their own must be told the key with which all of them sign what they tell an application.</summary>
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
    public void Refuse(string key, string allowed) => _faults.Add(OptionRanges.Describe($"{section.Path}:{key}", section[key], allowed));

    /// <summary>
    /// Looks at the addresses that the server is to bind to. The host reads them by itself, and ends with a trace of its stack where it cannot.
    /// </summary>
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
            return address.Scheme.Equals("http", StringComparison.OrdinalIgnoreCase) && address.PathBase.Length == 0 && address.Port is >= 0 and <= ushort.MaxValue;
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

    IEnumerable<string> Faults() => _faults.Concat(Unknown()).Concat(_within.SelectMany(static within => within.Faults()));

    IEnumerable<string> Unknown() => section.GetChildren().Where(key => !_known.Contains(key.Key))
        .Select(key => OptionRanges.Describe(key.Path, key.Value, $"the key is unknown; known are {string.Join(", ", _known.Order())}"));

    void Set(object options, PropertyInfo property)
    {
        _known.Add(property.Name);
        var setting = property.Name == _own && section.Value is not null ? section : section.GetSection(property.Name);
        if (!setting.Exists()) return;
        if (Convert(setting, property.PropertyType) is { } value) property.SetValue(options, value);
    }

    object? Convert(IConfigurationSection setting, Type type)
    {
        if (type.IsAssignableFrom(typeof(List<string>)) && type != typeof(object)) return ListOf(setting);
        try
        {
            var value = TypeDescriptor.GetConverter(type).ConvertFromInvariantString(setting.Value ?? "");
            // Any number would do for an enumeration.
            return !type.IsEnum || Enum.IsDefined(type, value!) ? value : throw new FormatException();
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or NotSupportedException or OverflowException)
        {
            _faults.Add(OptionRanges.Describe(setting.Path, setting.Value, Allowed(type)));
            return null;
        }
    }

    static List<string> ListOf(IConfigurationSection setting) => setting.Value is { } text
        ? [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)]
        : [.. setting.GetChildren().Select(static child => child.Value ?? "")];

    static string Allowed(Type type)
    {
        if (type.IsEnum) return "allowed are " + string.Join(", ", Enum.GetNames(type));
        return type == typeof(TimeSpan) ? "allowed is a duration such as 00:00:15 or 1.00:00:00" : $"it is not a {type.Name}";
    }
}
