using System.ComponentModel.DataAnnotations;

namespace Mailbox.Hosting;

/// <summary>What a process that keeps its mailboxes in a journal knows of the section <c>Mailbox</c> beside the gateway and the engine.</summary>
public sealed class ServerOptions
{
    /// <summary>The directory of the journal.</summary>
    [MinLength(1, ErrorMessage = "the name of a directory is needed")]
    public string Data { get; set; } = "data";

    /// <summary>Room that the journal keeps back, in bytes, so that it can free some when the disk is full; 0 for none.</summary>
    [Range(0, 1 << 30)]
    public int ReserveBytes { get; set; } = 64 << 20;

    /// <summary>Where backups go, each into a directory of its own; empty for a directory beside <see cref="Data"/>.</summary>
    public string Backups { get; set; } = "";

    /// <summary>Whether prices are written to the group <c>ticker</c>.</summary>
    public bool Demo { get; set; }
}
