module creche.example/peer

go 1.19
