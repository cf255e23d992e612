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
            if (property.GetCustomAttribute<RangeAttribute>() is { } range && !range.IsValid(property.GetValue(options)))
                yield return Describe($"{prefix}:{property.Name}", property.GetValue(options), $"allowed is {range.Minimum} to {range.Maximum}");
    }

    public static string Describe(string key, object? value, string allowed) =>
        string.Create(CultureInfo.InvariantCulture, $"{key} is '{value}': {allowed}.");
}
