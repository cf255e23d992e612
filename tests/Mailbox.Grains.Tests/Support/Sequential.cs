// Silos of one test would take the processor from those of another.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
