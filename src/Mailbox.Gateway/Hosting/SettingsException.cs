namespace Mailbox.Gateway;

/// <summary>The configuration has faults.</summary>
public sealed class SettingsException(IReadOnlyList<string> faults)
    : Exception($"The configuration has {faults.Count} fault(s):{string.Concat(faults.Select(static fault => "\n  " + fault))}")
{
    /// <summary>One line for each: key, value, and what is allowed.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
