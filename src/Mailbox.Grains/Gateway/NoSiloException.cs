namespace Mailbox.Grains;

/// <summary>The cluster has no silo that owns mailboxes, as far as is known here: nothing was asked of anybody.</summary>
sealed class NoSiloException(Exception cause) : Exception("No silo of the cluster has mailboxes.", cause);
