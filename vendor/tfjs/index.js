// tfjs-node takes from the union package what the core has, and counts on its gradients and chained ops being registered.
require('./gradients.js');
module.exports = require('@tensorflow/tfjs-core');
