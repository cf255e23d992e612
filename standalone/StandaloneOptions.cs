namespace Mailbox.Standalone;

/// <summary>What only this host knows of the section <c>Mailbox</c>.</summary>
sealed class StandaloneOptions
{
    /// <summary>The directory of the journal.</summary>
    public string Data { get; set; } = "data";

    /// <summary>Where backups go, each into a directory of its own; empty for a directory beside <see cref="Data"/>.</summary>
    public string Backups { get; set; } = "";

    /// <summary>Whether prices are written to the group <c>ticker</c>.</summary>
    public bool Demo { get; set; }
}
