namespace Mailbox;

/// <summary>What an answered delivery survives (spec M5). A level never silently degrades.</summary>
public enum Durability : byte
{
    /// <summary>Lives in the memory of the process that owns the mailbox.</summary>
    Memory,

    /// <summary>Survives a crash of the process: handed to the operating system before the answer.</summary>
    Process,

    /// <summary>Survives power loss: synced to the disk before the answer. The default.</summary>
    Disk,
}
