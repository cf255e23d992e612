using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Mailbox.Gateway;

/// <summary>The ranges that options declare at their properties.</summary>
static class OptionRanges
{
    /// <returns>One line for each fault: key, value, and what is allowed.</returns>
    public static IEnumerable<string> FaultsOf(object options, string prefix)
    {
        foreach (var property in options.GetType().GetProperties())
            if (property.GetCustomAttribute<ValidationAttribute>() is { } rule && !rule.IsValid(property.GetValue(options)))
                yield return Describe($"{prefix}:{property.Name}", TextOf(property.GetValue(options)), AllowedBy(rule));
    }

    static object? TextOf(object? value) => value is IEnumerable<string> list ? string.Join(", ", list) : value;

    static string AllowedBy(ValidationAttribute rule) =>
        rule is RangeAttribute range ? $"allowed is {range.Minimum} to {range.Maximum}" : rule.FormatErrorMessage("");

    public static string Describe(string key, object? value, string allowed) =>
        string.Create(CultureInfo.InvariantCulture, $"{key} is '{value}': {allowed}.");
}
